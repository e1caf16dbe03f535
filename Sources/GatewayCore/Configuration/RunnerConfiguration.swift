// SPDX-License-Identifier: MIT

/// One runner as configured. Its place in `Configuration.runners` is its index.
public struct RunnerConfiguration: Equatable, Sendable {
    public var url: RunnerURL
    /// False: gets no new leases and keeps its index.
    public var isEnabled: Bool
    /// Sent as `Authorization: Bearer`; visible ASCII.
    public var key: Secret?
    /// Clients see `prefixID.model`; empty is no prefix.
    public var prefixID: String
    /// Strings, or objects with a `name` as Open WebUI sends them; shown as they came.
    public var tags: [JSON]
    /// The models that may be seen or used, by the runner's own names; empty is all.
    public var modelIDs: [String]
    public var connectionType: String
    /// Leases at a time; nil is no cap, unless `learnsCap`.
    public var maxInflight: Int?
    /// `"auto"` in the file, and the default: without effect until that is built. 0 in the file is no cap and no
    /// learning.
    public var learnsCap = true
    /// 0...1000; 0 takes no new work unless pinned.
    public var weight: Int
    /// False: left out of pulls and blob uploads.
    public var pulls = true
    /// Sent with every request, in the file's order.
    public var headers: [Header] = []
    /// False: an `https` runner's certificate is taken as it is.
    public var verifiesTLS = true
    /// A PEM file of those who may have signed it; empty: the system's.
    public var tlsCA = ""

    /// What else stands in the file's entry, as it came: for whoever put it there.
    public var otherFields: [JSON.Member] = []

    /// What Open WebUI stores in an entry, and its Ollama router ignores as we do (ow section 2).
    static let ignoredFields: Set<String> = ["auth_type"]

    public struct Header: Equatable, Sendable {
        public var name: String
        /// May be a secret, so it is treated as one.
        public var value: Secret

        public init(name: String, value: Secret) {
            self.name = name
            self.value = value
        }
    }

    public init(
        url: RunnerURL, isEnabled: Bool = true, key: Secret? = nil, prefixID: String = "", tags: [JSON] = [],
        modelIDs: [String] = [], connectionType: String = "docker", maxInflight: Int? = nil, weight: Int = 1
    ) {
        self.url = url
        self.isEnabled = isEnabled
        self.key = key
        self.prefixID = prefixID
        self.tags = tags
        self.modelIDs = modelIDs
        self.connectionType = connectionType
        self.maxInflight = maxInflight
        self.weight = weight
    }
}
