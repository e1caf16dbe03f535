// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// What a request gets: a list, a refusal, a fault, or a slot of its model.
extension SimulatedConnection {
    func respond(to head: RequestHead) {
        guard passesHostCheck(head) else { return answer(403, type: nil, []) }
        let route = SimulatedRoute(head.method, target: head.target)
        let lists = Lists(runner: runner)
        switch route {
        case .inference(let kind): return infer(kind)
        case .management(let kind): return manage(kind)
        case .root, .version, .tags, .loaded, .show, .models, .model:
            if runner.options.faults.includesLists, misbehaves(runner.options.faults) { return }
        case .wrongMethod, .unknown, .moved: break
        }
        switch route {
        case .root: answer(200, type: "text/plain; charset=utf-8", Array("Ollama is running".utf8))
        case .version:
            let version = JSON.object([.init("version", .string(runner.options.version))])
            answer(200, type: SimulatedConnection.jsonType, version.bytes)
        case .tags: answer(200, type: SimulatedConnection.jsonType, lists.tags())
        case .loaded: answer(200, type: SimulatedConnection.jsonType, lists.loaded())
        case .models: answer(200, type: SimulatedConnection.jsonType, lists.openAIModels())
        case .show: show(lists)
        case .model(let name):
            guard let model = runner.slots(of: name)?.model else {
                return refuse(Refusal(status: 404, message: "model '\(name)' not found"), family: .openAI)
            }
            answer(
                200, type: SimulatedConnection.jsonType,
                lists.openAIModel(model, as: name).bytes + [UInt8(ascii: "\n")])
        case .wrongMethod(let allowed):
            answer(405, type: "text/plain", Array("405 method not allowed".utf8), extra: "Allow: \(allowed)\r\n")
        case .moved(let path):
            let status = head.method == .get ? 301 : 307
            answer(status, type: nil, [], extra: "Location: \(path)\r\n")
        case .unknown, .inference, .management: answer(404, type: "text/plain", Array("404 page not found".utf8))
        }
    }

    private func show(_ lists: Lists) {
        guard !body.isEmpty else { return refuse(Refusal(status: 400, message: "missing request body")) }
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: body).withFoldedKeys } catch {
            return refuse(Refusal(status: 400, message: "invalid JSON: \(error.message)"))
        }
        // An empty `model` counts as absent.
        let name = [json["model"], json["name"]].compactMap { $0?.string }.first { !$0.isEmpty } ?? ""
        guard !name.isEmpty else { return refuse(Refusal(status: 400, message: "model is required")) }
        guard let model = runner.slots(of: name)?.model else {
            // Here Ollama quotes the name with its tag.
            return refuse(Refusal(status: 404, message: "model '\(SimulatedModel.withTag(name))' not found"))
        }
        answer(200, type: SimulatedConnection.jsonType, lists.show(model))
    }

    // MARK: Inference

    private func infer(_ kind: InferenceRequest.Kind) {
        runner.inferenceRequestsSeen += 1
        runner.inflight += 1
        isCounted = true
        let faults = runner.options.faults
        let number = runner.inferenceRequestsSeen
        let acts = number % max(1, faults.every) == 0
        if faults.failEvery > 0, number % faults.failEvery == 0 {
            let words = "simulated failure: this runner fails every \(faults.failEvery). request"
            return refuse(Refusal(status: 500, message: words), family: kind.family)
        }
        if faults.busyEvery > 0, number % faults.busyEvery == 0 {
            return refuse(SimulatedConnection.busy, family: kind.family)
        }
        if acts, misbehaves(faults) { return }
        do throws(Refusal) {
            let request =
                kind == .transcription
                ? try InferenceRequest(form: body, parser.requestHead.headers)
                : try InferenceRequest(kind, body: try plainBody(kind))
            guard !(acts && faults.notFound), let slots = runner.slots(of: request.model) else {
                throw request.unknownModel
            }
            try admit(
                Generation(
                    request, slots: slots, options: runner.options, faults: acts ? faults : SimulatedFaults(),
                    created: runner.clock.seconds(), number: number, record: record, now: loop.now,
                    offset: loop.exactNow - loop.now))
        } catch {
            refuse(error, family: error.isNative ? .native : kind.family)
        }
    }

    /// Decompressed, on the routes where Ollama does that.
    private func plainBody(_ kind: InferenceRequest.Kind) throws(Refusal) -> [UInt8] {
        guard kind.family != .native, parser.requestHead.headers.text(of: .contentEncoding) == "zstd" else {
            return body
        }
        do throws(ZstdDecoder.Failure) {
            return try ZstdDecoder.decode(body, limit: 20 << 20)
        } catch {
            throw Refusal(status: 400, message: "failed to decompress request body", isNative: true)
        }
    }

    private static let busy = Refusal(
        status: 503, message: "server busy, please try again.  maximum pending requests exceeded")

    private func admit(_ generation: Generation) throws(Refusal) {
        if generation.request.isLoadOnly, generation.request.keepAlive == 0 {
            // It goes when those who use it are done; not being loaded is no error.
            generation.slots.keep(from: loop.now, seconds: 0)
            let stamp = self.stamp
            return answer(
                200, type: SimulatedConnection.jsonType, generation.format.loadReply(isUnload: true, stamp: stamp))
        }
        self.generation = generation
        switch runner.request(generation.slots, for: self) {
        case .granted: slotGranted()
        case .queued: phase = .queued
        case .queueFull:
            self.generation = nil
            throw SimulatedConnection.busy
        }
    }

    /// The model is loaded if need be, then the prompt is read; both are only waited for.
    func slotGranted() {
        guard let generation else { return }
        let options = runner.options
        generation.holdsSlot = true
        generation.loaded = generation.slots.load(at: loop.now, taking: options.loadTime)
        let promptTime = options.prefillPerToken.nanoseconds.multipliedReportingOverflow(
            by: Int64(generation.request.promptTokens))
        let prefill = Interval(nanoseconds: promptTime.overflow ? .max : promptTime.partialValue)
        let wait = generation.request.isLoadOnly ? Interval.zero : options.timeToFirstToken + prefill
        generation.ready = generation.loaded + wait
        phase = .preparing
        if generation.ready <= loop.now { prepared() } else { setDeadline(generation.ready) }
    }

    // MARK: Faults before the head

    /// Does what the faults say instead of an answer. False: nothing, the request takes its usual way.
    private func misbehaves(_ faults: SimulatedFaults) -> Bool {
        if faults.hang {
            phase = .silent
        } else if faults.resetBeforeHead {
            cut(resetting: true)
        } else if faults.closeBeforeHead {
            cut()
        } else if faults.malformedHead {
            write(Array("HTTP/1.1 2 OK\r\nContent-Length\r\n\r\n".utf8))
            closesAfterwards = true
            answered()
        } else {
            return false
        }
        return true
    }

    /// As an Ollama bound to loopback: names that could be a rebinding attack's, and origins of foreign pages, are 403.
    private func passesHostCheck(_ head: RequestHead) -> Bool {
        guard runner.options.checksHost else { return true }
        let headers = head.headers
        if let field = headers.first(.origin) {
            let origin = headers.text(field)
            let authority = origin.split(separator: "/").last ?? ""
            guard authority == (headers.text(of: .host) ?? "") || isLocal(String(authority)) else { return false }
        }
        return isLocal(headers.text(of: .host) ?? "")
    }

    private func isLocal(_ authority: String) -> Bool {
        var name = authority.lowercased()
        if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
            name = String(name[name.index(after: name.startIndex)..<end])
        } else if let colon = name.lastIndex(of: ":") {
            name = String(name[..<colon])
        }
        if name.isEmpty || name == "localhost" || SocketAddress(literal: name, port: 0) != nil { return true }
        return [".localhost", ".local", ".internal"].contains { name.hasSuffix($0) }
    }
}
