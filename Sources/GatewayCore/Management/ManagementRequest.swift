// SPDX-License-Identifier: MIT

/// What a request asks of the runners that hold a model, or shall hold it.
public struct ManagementRequest: Equatable, Sendable {
    public let route: Route
    public let method: Method
    /// The model: `model`, or else `name`, as Ollama reads them.
    public let model: ScannedBody.Name?
    /// Every place of the body where the model's name stands: a stripped prefix has to go from all of them.
    let modelRanges: [Range<Int>]
    public let from: ScannedBody.Name?
    let source: ScannedBody.Name?
    public let destination: ScannedBody.Name?
    /// Every name in the body, also where it means nothing: the caller has to be allowed each of them.
    let names: [ScannedBody.Name]
    let rights: ModelRights
    /// The answer comes in lines.
    let streams: Bool
    /// Indices that the client chose (`?runners=0,2`).
    let chosen: [Int]?
    /// Digests of the blobs that a `create` is made of.
    let blobs: [String]

    /// - Parameters:
    ///   - bytes: the whole body that was scanned.
    ///   - target: of the request, for its query.
    /// - Throws: `GatewayError` in the route's words: no model where one is needed, or two different ones.
    public init(
        _ body: ScannedBody, bytes: [UInt8] = [], route: Route, method: Method = .post, target: [UInt8] = [],
        identity: Identity
    ) throws(GatewayError) {
        self.route = route
        self.method = method
        let operation = route.operation
        let names = [operation.isAboutModel ? body.model : nil, operation.readsName ? body.name : nil]
            .compactMap { $0?.nonEmpty }
        if let first = names.first, let other = names.last, !first.means(other) { throw .namesDiffer }
        model = names.first
        modelRanges = names.map(\.range)
        from = operation == .create ? body.from?.nonEmpty : nil
        source = operation == .copy ? body.source?.nonEmpty : nil
        destination = operation == .copy ? body.destination?.nonEmpty : nil
        streams = body.stream ?? route.streamsByDefault
        chosen = operation == .pull ? try ManagementRequest.chosenRunners(target) : nil
        blobs = operation == .create ? try CreateBlobs.digests(in: bytes) : []
        self.names = body.names
        rights = identity.models
        if operation == .create, !rights.isUnlimited { try CreateBlobs.checkForHiddenNames(bytes) }
        if operation.isAboutModel, model == nil { throw .modelRequired(operation, on: route.surface) }
        if operation == .copy, source == nil { throw .modelRequired(operation, on: route.surface) }
        if operation == .copy, destination == nil { throw GatewayError(400, "destination \"\" is invalid") }
        if operation == .blobs, !BlobDigest.isValid(route.pathArgument ?? "") {
            throw GatewayError(400, "invalid digest format")
        }
    }

    /// The model that it is about, for logs and errors: to be changed, or copied from.
    public var subject: String? { (model ?? source)?.text }

    private static func chosenRunners(_ target: [UInt8]) throws(GatewayError) -> [Int]? {
        guard let list = QueryParameters.value(of: "runners", in: target) else { return nil }
        var chosen: [Int] = []
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let index = Int(part), index >= 0 else {
                throw GatewayError(400, "runners must be indices with commas between them, such as ?runners=0,2")
            }
            chosen.append(index)
        }
        return chosen
    }
}

extension ScannedBody.Name {
    /// Two spellings that differ only in the white space around them are one.
    func means(_ other: ScannedBody.Name) -> Bool {
        ModelName.trimmed(text) == ModelName.trimmed(other.text)
    }
}

extension GatewayError {
    /// Ollama would take one of them, and which one is not for a check to guess.
    static let namesDiffer = GatewayError(400, "model and name differ: send one of them, or the same in both")
}

extension Operation {
    /// Whether the body's `model` means something there.
    fileprivate var isAboutModel: Bool {
        switch self {
        case .chat, .generate, .show, .pull, .push, .create, .delete, .unload: true
        case .chatCompletions, .embed, .embeddings, .completions, .openAIEmbeddings, .responses, .messages,
            .transcriptions, .systemOne, .tags, .ps, .version, .status, .openAIModels, .openAIModel, .landing, .healthz,
            .readyz,
            .metrics, .copy, .blobs, .me, .signout, .signoutByKey, .webSearch, .webFetch, .recommendations, .verify,
            .config, .configUpdate, .stats, .decisions, .keys, .key, .ui:
            false
        }
    }

    /// Whether `name` stands in for `model`: on these routes Ollama still reads what its older clients sent.
    fileprivate var readsName: Bool { isAboutModel && self != .chat && self != .generate }

}
