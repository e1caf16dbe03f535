// SPDX-License-Identifier: MIT

/// Several runners' lines of progress as one stream that the `ollama` CLI and Open WebUI render sensibly (oa section 9):
/// the CLI keeps one bar per digest, fixes its total at first sight, skips lines without `completed`, and expects
/// `completed` not to fall; every client stops caring after `success`. So a layer is as far as the slowest runner is
/// with it, a word such as `writing manifest` is passed on when all have said it, and `success` is ours to say.
///
/// A single runner's lines pass as they came, but for `success`.
struct ProgressMerge: Sendable {
    /// Where one layer is on its way to all runners.
    private struct Layer {
        let digest: String
        var status: String
        /// As first told; nil while nobody has told one.
        var total: Int?
        var completed: [Int: Int] = [:]
        /// What the client was told last; nil: nothing.
        var told: Int?
    }

    /// A status without a digest.
    private struct Word {
        let text: String
        var saidBy = RunnerSet()
        var wasTold = false
    }

    private struct Participant {
        let runner: CalledRunner
        var isAtWork = true
        var saidSuccess = false
        /// Of its last error line.
        var error: String?
    }

    private var participants: [Participant]
    private var layers: [Layer] = []
    private var words: [Word] = []
    private var output: [UInt8] = []
    private let isVerbatim: Bool

    /// A model has a dozen layers; what a runner says beyond these bounds isn't passed on.
    private static let maximumLayers = 1024
    private static let maximumWords = 256
    private static let maximumLine = 8192

    init(_ runners: [CalledRunner]) {
        participants = runners.map { Participant(runner: $0) }
        isVerbatim = runners.count == 1
    }

    mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    // MARK: Events

    mutating func lineReceived(_ runner: Int, _ line: [UInt8]) {
        guard let place = participants.firstIndex(where: { $0.runner.number == runner }) else { return }
        let isReadable = line.count <= ProgressMerge.maximumLine
        let json = isReadable ? try? JSON(parsing: line) : nil
        if let error = json?["error"]?.string, !error.isEmpty {
            participants[place].error = CallOutcome.bounded(error)
            if isVerbatim { output += line }
        } else if json?["status"]?.string == "success" {
            participants[place].saidSuccess = true
        } else if isVerbatim {
            output += line
        } else if let json, let status = json["status"]?.string {
            progressed(runner, status, json)
        }
    }

    /// What a stream that ended has come to.
    func outcome(of runner: Int) -> CallOutcome {
        guard let participant = participants.first(where: { $0.runner.number == runner }) else {
            return .broke("it was not asked.")
        }
        if let error = participant.error { return .broke(error) }
        return participant.saidSuccess
            ? .answered(status: 200, error: nil) : .broke("its answer ended before it was complete.")
    }

    /// Whoever has ended holds up nothing any more.
    mutating func ended(_ runner: Int, _ outcome: CallOutcome) {
        guard let place = participants.firstIndex(where: { $0.runner.number == runner }) else { return }
        participants[place].isAtWork = false
        if case .skipped = outcome {
            tell([.init("status", .string("\(participants[place].runner.name) \(outcome.sentence)"))])
        }
        guard !isVerbatim, participants.contains(where: \.isAtWork) else { return }
        for word in words.indices { tellIfSaidByAll(word) }
        for layer in layers.indices { tellIfFurther(layer) }
    }

    /// The last line. A single runner's own error line is there already.
    mutating func finish(error: String?) {
        guard let error else { return tell([.init("status", .string("success"))]) }
        if isVerbatim, participants.first?.error != nil { return }
        tell([.init("error", .string(error))])
    }

    // MARK: Merging

    private mutating func progressed(_ runner: Int, _ status: String, _ line: JSON) {
        guard let digest = line["digest"]?.string, !digest.isEmpty else { return said(runner, status) }
        let place: Int
        if let known = layers.firstIndex(where: { $0.digest == digest }) {
            place = known
        } else {
            guard layers.count < ProgressMerge.maximumLayers else { return }
            place = layers.count
            layers.append(Layer(digest: digest, status: status))
        }
        if layers[place].total == nil { layers[place].total = line["total"]?.int }
        layers[place].completed[runner] = max(layers[place].completed[runner] ?? 0, line["completed"]?.int ?? 0)
        tellIfFurther(place)
    }

    private mutating func said(_ runner: Int, _ text: String) {
        let place: Int
        if let known = words.firstIndex(where: { $0.text == text }) {
            place = known
        } else {
            guard words.count < ProgressMerge.maximumWords else { return }
            place = words.count
            words.append(Word(text: text))
        }
        words[place].saidBy.insert(runner)
        tellIfSaidByAll(place)
    }

    /// Before the first layer a word is told when the first says it, so that the client sees that something goes on.
    private mutating func tellIfSaidByAll(_ place: Int) {
        let saidBy = words[place].saidBy
        let isSaidByAll = participants.allSatisfy { !$0.isAtWork || saidBy.contains($0.runner.number) }
        guard !words[place].wasTold, layers.isEmpty || isSaidByAll else { return }
        words[place].wasTold = true
        tell([.init("status", .string(words[place].text))])
    }

    private mutating func tellIfFurther(_ place: Int) {
        let layer = layers[place]
        let atWork = participants.filter(\.isAtWork)
        var completed = atWork.map { layer.completed[$0.runner.number] ?? 0 }.min() ?? 0
        if let total = layer.total { completed = min(completed, total) }
        if let told = layer.told, completed <= told { return }
        layers[place].told = completed
        var members: [JSON.Member] = [
            .init("status", .string(layer.status)), .init("digest", .string(layer.digest))
        ]
        if let total = layer.total { members.append(.init("total", .integer(total))) }
        if completed > 0 { members.append(.init("completed", .integer(completed))) }
        tell(members)
    }

    private mutating func tell(_ members: [JSON.Member]) {
        JSON.object(members).write(to: &output)
        output.append(UInt8(ascii: "\n"))
    }
}
