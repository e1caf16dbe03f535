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

    /// The names of its faults for the command line, with what they do.
    public static let names: [(name: String, meaning: String)] = [
        ("fails-at-layer=N", "pulls, pushes and creates end with an error line at layer N (0, 1)"),
        ("hangs-at-layer=N", "they fall silent there"), ("resets-at-layer=N", "their connection is reset there"),
        ("refuses=STATUS", "every request that manages models is answered with this status")
    ]

    /// Sets one fault by its command-line name. False: no such fault, or its number is missing or negative.
    public mutating func set(_ argument: String) -> Bool {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int(parts[1]), number >= 0 else { return false }
        switch parts[0] {
        case "fails-at-layer": failsAtLayer = number
        case "hangs-at-layer": hangsAtLayer = number
        case "resets-at-layer": resetsAtLayer = number
        case "refuses" where (400...599).contains(number): refusesWith = number
        default: return false
        }
        return true
    }
}
