public struct CatalogError: Error, Equatable, Sendable { public var sentence: String }
public struct CatalogRunner: Equatable, Sendable { public var isEnabled: Bool; public var prefixID: String; public var modelIDs: [String]; public var tags: JSON; public var connectionType: String; public var identity: String
  public init(isEnabled: Bool, prefixID: String, modelIDs: [String], tags: JSON, connectionType: String, identity: String) { self.isEnabled = isEnabled; self.prefixID = prefixID; self.modelIDs = modelIDs; self.tags = tags; self.connectionType = connectionType; self.identity = identity } }
public struct ResolvedModel: Equatable, Sendable { public var key: String; public var holders: RunnerSet; public var loaded: RunnerSet; public var strippedPrefix: Bool; public func ownName(on runner: Int) -> String? { nil } }
public enum Resolution: Equatable, Sendable { case found(ResolvedModel), unknown, firstListsPending, noListEverRead, invalidName(String) }
public struct Catalog: Sendable {
    var n: Int
    public init(runners: [CatalogRunner]) { n = runners.count }
    public mutating func tagsRead(_ runner: Int, _ body: [UInt8]) throws(CatalogError) -> Bool { true }
    public mutating func psRead(_ runner: Int, _ body: [UInt8]) throws(CatalogError) -> Bool { false }
    public mutating func versionRead(_ runner: Int, _ body: [UInt8]) throws(CatalogError) {}
    public mutating func firstAttemptEnded(_ runner: Int) {}
    public mutating func sawLoaded(_ runner: Int, _ model: ResolvedModel) {}
    public mutating func forget(_ model: ResolvedModel, on runner: Int) {}
    public var firstRoundIsOver: Bool { true }
    public func resolve(_ name: String) -> Resolution { .found(ResolvedModel(key: name, holders: RunnerSet(0..<n), loaded: RunnerSet(), strippedPrefix: false)) }
    public func savedLists() -> [UInt8] { [] }
    public mutating func restore(_ saved: [UInt8]) {}
}
public enum ModelName { public static func display(_ s: String) -> String { s } }
