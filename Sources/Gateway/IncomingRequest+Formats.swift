// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Reads a form. By reference, since few requests have one and all would carry its room about.
final class FormBody {
    @exclusivity(unchecked) var scanner: MultipartScanner

    init(_ scanner: MultipartScanner) {
        self.scanner = scanner
    }
}

/// Bodies that are not plain JSON: forms, which may be passed on before they are whole, and compressed ones, which are
/// read while they arrive and forwarded as they came.
extension IncomingRequest {
    // MARK: Forms

    /// The model is known, and the body is longer than what is held of one.
    var isReadyToPassOn: Bool {
        guard let form, !isPassedOn, bodyError == nil else { return false }
        // With a limit below twice the look-ahead the next read must still fit.
        let lookAhead = min(BodyFormat.lookAheadBytes, gateway.rules.bodyLimit / 2)
        return body.count > lookAhead && form.scanner.fields.model != nil
    }

    // MARK: Compressed bodies

    var decompressedLimit: Int { min(BodyFormat.decompressedBytes, gateway.rules.bodyLimit) }

    func decompress(_ bytes: UnsafeRawBufferPointer) {
        guard let decoder else { return bodyFailed(.bodyMemoryExhausted) }
        var wrong: ScanError?
        do throws(ZstdDecoder.Failure) {
            try decoder.decode(bytes) { piece in
                guard wrong == nil else { return }
                do throws(ScanError) { try scanner.scan(piece) } catch { wrong = error }
            }
        } catch {
            return bodyFailed(decodingError(error))
        }
        if let wrong { return bodyFailed(GatewayError(wrong, family: intake.family)) }
        let growth = decoder.memory - decoderMemory
        guard gateway.bodyMemory.reserve(growth) else { return bodyFailed(.bodyMemoryExhausted) }
        decoderMemory += growth
    }

    private func decodingError(_ failure: ZstdDecoder.Failure) -> GatewayError {
        switch failure {
        case .undecodable: .undecodableBody
        case .tooLarge: .decompressedTooLarge(limit: decompressedLimit)
        }
    }

    func finish(_ decoder: ZstdDecoder) throws(GatewayError) {
        do throws(ZstdDecoder.Failure) { try decoder.finish() } catch { throw decodingError(error) }
    }

    /// The runner's own name has to go into the body, so the runner gets it plain.
    func replaceBodyByDecompressed() throws(GatewayError) {
        let plain: [UInt8]
        do throws(ZstdDecoder.Failure) {
            plain = try ZstdDecoder.decode(body, limit: decompressedLimit)
        } catch {
            throw decodingError(error)
        }
        guard gateway.bodyMemory.reserve(plain.count) else { throw .bodyMemoryExhausted }
        gateway.bodyMemory.release(body.count)
        body = plain
        isDecompressed = true
    }

    func releaseDecoder() {
        guard decoder != nil else { return }
        decoder = nil
        gateway.bodyMemory.release(decoderMemory)
        decoderMemory = 0
    }
}
