// SPDX-License-Identifier: MIT

/// One entry of a runner's list, kept as JSON text with two holes where `name` and `model` go. All other fields leave
/// as they came (order, number text), and an answer of a thousand models is copying, not building a thousand trees.
struct ListEntry: Equatable, Sendable {
    /// An object without its closing brace and without the values of `name` and `model`.
    private var text: [UInt8] = [UInt8(ascii: "{")]
    /// Offsets into `text`.
    private var nameHole = 0
    private var modelHole = 0

    /// - Parameter reserved: members to leave out, because the gateway says under that name what is true of its runners.
    init(_ members: [JSON.Member], leavingOut reserved: [String]) {
        for member in members where !reserved.contains(member.key) {
            switch member.key {
            case "name": if nameHole == 0 { nameHole = open(member.key) }
            case "model": if modelHole == 0 { modelHole = open(member.key) }
            default:
                _ = open(member.key)
                member.value.write(to: &text)
            }
        }
        if nameHole == 0 { nameHole = open("name") }
        if modelHole == 0 { modelHole = open("model") }
    }

    /// Leaves the object open, so that the caller can add members before its `}`.
    func write(name: String, model: String, to output: inout [UInt8]) {
        let nameIsFirst = nameHole < modelHole
        let (first, second) = nameIsFirst ? (nameHole, modelHole) : (modelHole, nameHole)
        output += text[..<first]
        JSON.writeString(nameIsFirst ? name : model, to: &output)
        output += text[first..<second]
        JSON.writeString(nameIsFirst ? model : name, to: &output)
        output += text[second...]
    }

    private mutating func open(_ key: String) -> Int {
        if text.count > 1 { text.append(UInt8(ascii: ",")) }
        JSON.writeString(key, to: &text)
        text.append(UInt8(ascii: ":"))
        return text.count
    }
}

/// A model in a runner's `/api/tags`.
struct ListedModel: Equatable, Sendable {
    /// The runner's own `model`: what it is asked by.
    let model: String
    /// Its `name`; the same but for odd runners.
    let name: String
    /// Comparison key of `model`, without the runner's prefix.
    let key: String
    let modifiedAt: WallTime?
    let digest: String
    /// A cloud model that was pulled: the runner lists it but ollama.com runs it.
    let isStub: Bool
    let entry: ListEntry

    /// Open WebUI's additions, told under the prefix of our own runners. A runner that is a gateway says them of its.
    private static let reserved = ["urls", "tags", "connection_type", "expires_at"]

    /// Nil for what has no usable name.
    init?(_ value: JSON) {
        guard let members = value.members, let (name, model) = RunnerAnswer.names(of: value) else { return nil }
        self.name = name
        self.model = model
        key = ModelName.key(of: model)
        modifiedAt = value["modified_at"]?.string.flatMap { WallTime($0) }
        digest = value["digest"]?.string ?? ""
        isStub = !(value["remote_model"]?.string ?? "").isEmpty || !(value["remote_host"]?.string ?? "").isEmpty
        entry = ListEntry(members, leavingOut: ListedModel.reserved)
    }
}

/// A model in a runner's `/api/ps`.
struct LoadedModel: Equatable, Sendable {
    let model: String
    let name: String
    let key: String
    let expiresAt: WallTime?
    let entry: ListEntry

    init?(_ value: JSON) {
        guard let members = value.members, let (name, model) = RunnerAnswer.names(of: value) else { return nil }
        self.name = name
        self.model = model
        key = ModelName.key(of: model)
        expiresAt = value["expires_at"]?.string.flatMap { WallTime($0) }
        entry = ListEntry(members, leavingOut: ["urls"])
    }
}
