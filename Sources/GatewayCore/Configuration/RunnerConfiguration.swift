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
    /// Leases at a time; nil is no cap (0 and `"auto"` in the file).
    public var maxInflight: Int?
    /// 0...1000; 0 takes no new work unless pinned.
    public var weight: Int

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
