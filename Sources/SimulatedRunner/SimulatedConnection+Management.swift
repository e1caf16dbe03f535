// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Models come and go by name: pull, push, create, copy, delete, blobs, and the account. Nothing is downloaded.
extension SimulatedConnection {
    enum Management: Equatable {
        case pull, push, create, copy, delete, me, signout, status, web, recommendations
        case blob(String)
    }

    /// A stream of lines in the making.
    struct Progress {
        var lines: [[UInt8]] = []
        /// What happens where: before the line of that place.
        var hangsAt: Int?
        var resetsAt: Int?
        var pause = Interval.zero
        var next = 0
    }

    private var library: SimulatedLibrary { runner.options.library }

    func manage(_ kind: Management) {
        if let status = library.refusesWith {
            return refuse(Refusal(status: status, message: "simulated refusal"))
        }
        do throws(Refusal) {
            switch kind {
            case .pull: try pull()
            case .push: try push()
            case .create: try create()
            case .copy: try copy()
            case .delete: try delete()
            case .blob(let digest): try blob(digest)
            case .me: whoAmI()
            case .signout: try signOut()
            case .status: say(#"{"cloud":{"disabled":false,"source":"none"}}"#)
            case .web: say(#"{"results":[]}"#)
            case .recommendations: say(#"{"recommendations":[]}"#)
            }
        } catch {
            refuse(error)
        }
    }

    private func say(_ json: String) {
        answer(200, type: SimulatedConnection.jsonType, Array(json.utf8))
    }

    private func whoAmI() {
        guard library.isSignedIn else {
            let words = #"{"error":"unauthorized","signin_url":"https://ollama.com/connect?name=simulated"}"#
            return answer(401, type: SimulatedConnection.jsonType, Array(words.utf8))
        }
        say(#"{"id":"0","email":"simulated@example.com","name":"simulated","plan":"free"}"#)
    }

    private func signOut() throws(Refusal) {
        guard library.isSignedIn else { throw Refusal(status: 401, message: "you are not currently signed in") }
        say("null")
        runner.options.library.isSignedIn = false
    }

    // MARK: Bodies

    private func document() throws(Refusal) -> JSON {
        guard !body.isEmpty else { throw Refusal(status: 400, message: "missing request body") }
        do throws(JSONError) { return try JSON(parsing: body).withFoldedKeys } catch {
            throw Refusal(status: 400, message: "invalid JSON: \(error.message)")
        }
    }

    private func name(in json: JSON, _ missing: Refusal) throws(Refusal) -> String {
        guard let name = [json["model"], json["name"]].compactMap({ $0?.string }).first(where: { !$0.isEmpty }) else {
            throw missing
        }
        return name
    }

    // MARK: Within the runner

    private func copy() throws(Refusal) {
        let json = try document()
        let source = json["source"]?.string ?? ""
        let destination = json["destination"]?.string ?? ""
        guard ModelName(destination) != nil else {
            throw Refusal(status: 400, message: "destination \"\(destination)\" is invalid")
        }
        guard let model = runner.slots(of: source)?.model else {
            throw Refusal(status: 404, message: "model \"\(source)\" not found")
        }
        keep(destination, digest: model.digest)
        answer(200, type: nil, [])
    }

    private func delete() throws(Refusal) {
        let name = try name(in: document(), Refusal(status: 400, message: "model is required"))
        guard let model = runner.slots(of: name)?.model else {
            throw Refusal(status: 404, message: "model '\(name)' not found")
        }
        runner.options.models.removeAll { $0 == model }
        answer(200, type: nil, [])
    }

    private func keep(_ name: String, digest: String? = nil) {
        let model = SimulatedModel(name, digest: digest, modifiedAt: runner.clock.seconds())
        let key = SimulatedModel.key(of: name)
        runner.options.models.removeAll { SimulatedModel.key(of: $0.name) == key }
        runner.options.models.append(model)
    }

    // MARK: Blobs

    private func blob(_ digest: String) throws(Refusal) {
        let known = library.blobs.contains(digest.replacing("sha256-", with: "sha256:"))
        guard parser.requestHead.method == .post else { return answer(known ? 200 : 404, type: nil, []) }
        guard !known else { return answer(200, type: nil, []) }
        let sum = body.withUnsafeBytes { Cryptography.sha256($0) }
        let digits = sum.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        runner.options.library.blobs.insert("sha256:" + digits)
        guard digest.dropFirst(7) == digits else {
            throw Refusal(status: 400, message: "digest mismatch, expected \"\(digest)\", got \"sha256:\(digits)\"")
        }
        answer(201, type: nil, [])
    }

    /// What a head alone decides about an upload: it may be answered before its body is read, or not be read at all.
    func uploadBegan(_ digest: String) {
        if let status = library.answersUploadsWith ?? (library.blobs.contains(digest) ? 200 : nil) {
            closesAfterwards = true
            runner.requestsSeen += 1
            record = keepRecord()
            if status < 400 {
                answer(status, type: nil, [])
            } else {
                refuse(Refusal(status: status, message: "simulated refusal"))
            }
        } else if library.stallsUploads {
            stopReading()
        }
    }

    // MARK: Streams

    private func pull() throws(Refusal) {
        let json = try document()
        let name = try name(in: json, Refusal(status: 400, message: "invalid model name"))
        guard ModelName(name) != nil else { throw Refusal(status: 400, message: "invalid model name") }
        var progress = Progress(pause: library.pause)
        progress.say("pulling manifest")
        guard !library.unknown.contains(name) else {
            return go(progress, json, error: "pull model manifest: file does not exist")
        }
        move("pulling", name, isThere: runner.slots(of: name) != nil, &progress)
        for word in ["verifying sha256 digest", "writing manifest"] { progress.say(word) }
        go(progress, json, error: library.failsAtLayer.map { "simulated failure at layer \($0)" }) { $0.keep(name) }
    }

    private func push() throws(Refusal) {
        let json = try document()
        let name = try name(in: json, Refusal(status: 400, message: "model is required"))
        var progress = Progress(pause: library.pause)
        progress.say("retrieving manifest")
        guard runner.slots(of: name) != nil else {
            progress.say("couldn't retrieve manifest")
            return go(progress, json, error: "file does not exist")
        }
        move("pushing", name, isThere: false, &progress)
        progress.say("pushing manifest")
        go(progress, json, error: library.failsAtLayer.map { "simulated failure at layer \($0)" })
    }

    private func create() throws(Refusal) {
        let json = try document()
        let name = try name(in: json, Refusal(status: 400, message: "invalid model name"))
        guard ModelName(name) != nil else { throw Refusal(status: 400, message: "invalid model name") }
        let named = ["files", "adapters"].flatMap { json[$0]?.members ?? [] }
        let files = named.compactMap(\.value.string)
        let from = json["from"]?.string ?? ""
        guard !files.isEmpty || !from.isEmpty else {
            throw Refusal(status: 400, message: "neither 'from' or 'files' was specified")
        }
        guard !named.contains(where: { $0.key.hasPrefix("/") || $0.key.split(separator: "/").contains("..") }) else {
            throw Refusal(status: 400, message: "file path must be relative")
        }
        guard files.allSatisfy({ $0.hasPrefix("sha256:") && $0.utf8.count == 71 }) else {
            throw Refusal(status: 400, message: "invalid digest format")
        }
        guard files.allSatisfy(library.blobs.contains) else {
            throw Refusal(status: 500, message: "open blobs: no such file or directory")
        }
        var progress = Progress(pause: library.pause)
        if !from.isEmpty, runner.slots(of: from) == nil { move("pulling", from, isThere: false, &progress) }
        progress.say("creating new layer sha256:" + SimulatedModel.digest(of: name))
        progress.say("writing manifest")
        go(progress, json, error: library.failsAtLayer.map { "simulated failure at layer \($0)" }) { $0.keep(name) }
    }

    private func move(_ verb: String, _ name: String, isThere: Bool, _ progress: inout Progress) {
        for (layer, total) in library.layers.enumerated() {
            if library.failsAtLayer == layer { return }
            if library.hangsAtLayer == layer { progress.hangsAt = progress.lines.count }
            if library.resetsAtLayer == layer { progress.resetsAt = progress.lines.count }
            let digest = SimulatedModel.digest(of: "\(name) \(layer)")
            for step in (isThere ? library.steps : 0)...max(1, library.steps) {
                var members: [JSON.Member] = [
                    .init("status", .string("\(verb) \(digest.prefix(12))")),
                    .init("digest", .string("sha256:" + digest)), .init("total", .integer(total))
                ]
                let completed = total * step / max(1, library.steps)
                if completed > 0 { members.append(.init("completed", .integer(completed))) }
                progress.lines.append(JSON.object(members).bytes + [UInt8(ascii: "\n")])
            }
        }
    }

    /// Begins the stream, or says its end at once to who wants no stream. `whenDone`: before the last line.
    private func go(
        _ progress: Progress, _ json: JSON, error: String?, whenDone: (SimulatedConnection) -> Void = { _ in }
    ) {
        var progress = progress
        if error == nil, progress.hangsAt == nil, progress.resetsAt == nil { whenDone(self) }
        let last = error.map { JSON.Member("error", .string($0)) } ?? .init("status", .string("success"))
        guard json["stream"]?.bool ?? true else {
            return answer(
                error == nil ? 200 : 500, type: "application/json", JSON.object([last]).bytes)
        }
        progress.lines.append(JSON.object([last]).bytes + [UInt8(ascii: "\n")])
        self.progress = progress
        phase = .progressing
        write(head(200, type: "application/x-ndjson", framing: .chunked))
        progressOn()
    }

    /// Sends the lines whose time has come.
    func progressOn() {
        guard var progress else { return }
        while progress.next < progress.lines.count, heldBytes == 0 {
            if progress.next == progress.hangsAt {
                phase = .silent
                return
            }
            if progress.next == progress.resetsAt { return cut(resetting: true) }
            guard runner.maySend(self) else { return }
            let line = progress.lines[progress.next]
            progress.next += 1
            self.progress = progress
            write(Array("\(String(line.count, radix: 16))\r\n".utf8) + line + Array("\r\n".utf8))
            if progress.pause > .zero, progress.next < progress.lines.count {
                return setDeadline(loop.now + progress.pause)
            }
        }
        guard progress.next == progress.lines.count else { return }
        self.progress = nil
        write(Array("0\r\n\r\n".utf8))
        answered()
    }
}

extension SimulatedConnection.Progress {
    mutating func say(_ status: String) {
        lines.append(JSON.object([.init("status", .string(status))]).bytes + [UInt8(ascii: "\n")])
    }
}
