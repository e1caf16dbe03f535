// SPDX-License-Identifier: MIT

/// What the catalog must know of a runner's configuration.
public struct CatalogRunner: Equatable, Sendable {
    /// Tells the runner from others over restarts and changes of the configuration: its URL.
    public var identity: String
    /// A disabled runner keeps its index and its last known list, but nothing of it is shown or used.
    public var isEnabled: Bool
    /// Its models are shown as `prefixID.model`; empty for none.
    public var prefixID: String
    /// Not empty: the only models, by the runner's own `model`, that may be seen or used.
    public var modelIDs: [String]
    /// Copied to each of its models under the prefix, as given: strings or objects. Anything but a filled list is none.
    public var tags: JSON
    /// Copied likewise; empty for none.
    public var connectionType: String
    /// Models are pulled to it, and blobs uploaded, unless a client names other runners.
    public var takesPulls: Bool

    public init(
        identity: String = "", isEnabled: Bool = true, prefixID: String = "", modelIDs: [String] = [],
        tags: JSON = .array([]), connectionType: String = "", takesPulls: Bool = true
    ) {
        self.identity = identity
        self.isEnabled = isEnabled
        self.prefixID = prefixID
        self.modelIDs = modelIDs
        self.tags = tags
        self.connectionType = connectionType
        self.takesPulls = takesPulls
    }
}

/// A runner's answer that could not be used; what was known before stays. The caller adds which runner it was.
public struct CatalogError: Error, Equatable, Sendable {
    /// What was wrong with the answer, for `last_error` and the log. Holds no control characters and is short.
    public var sentence: String

    public init(sentence: String) {
        self.sentence = sentence
    }
}
