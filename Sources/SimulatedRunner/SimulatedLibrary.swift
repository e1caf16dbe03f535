// SPDX-License-Identifier: MIT

public import GatewayCore

/// How a simulated runner manages models: what a registry that doesn't exist gives it, and what goes wrong.
public struct SimulatedLibrary: Sendable, Equatable {
    /// Bytes of the layers that every model consists of.
    public var layers = [800_000, 200_000]
    /// Lines of progress for each layer that has to be moved.
    public var steps = 4
    /// Between two lines; with `gatesTokens` a line leaves only when `releaseToken` allows it.
    public var pause = Interval.zero
    /// Names that the registry doesn't know.
    public var unknown: Set<String> = []
    /// Blobs that were uploaded: `sha256:…`.
    public var blobs: Set<String> = []
    public var isSignedIn = true

    /// Every management request answers with this status.
    public var refusesWith: Int?
    /// Pulls, pushes and creates end with an error line at this layer.
    public var failsAtLayer: Int?
    /// They fall silent there.
    public var hangsAtLayer: Int?
    /// Their connection is reset there.
    public var resetsAtLayer: Int?
    /// Uploads are not read, until `resumeUploads`.
    public var stallsUploads = false
    /// Uploads are answered so before their body is read.
    public var answersUploadsWith: Int?

    public init() {}
}
