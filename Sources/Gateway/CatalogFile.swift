// SPDX-License-Identifier: MIT

import Glibc

/// `<state-dir>/catalog.json`: the last known lists, so that after a restart a model on a runner that is down is
/// unavailable (503) and not unknown (404, which makes the ollama CLI pull it).
struct CatalogFile {
    let path: String

    init(stateDirectory: String) {
        path = stateDirectory + "/catalog.json"
    }

    private static let maximumBytes = 64 << 20

    /// nil if there is none that can be read.
    func read() -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while bytes.count < CatalogFile.maximumBytes {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
        return nil
    }

    /// Replaces the file as a whole: a reader, or a restart in between, sees the old one or the new one. Returns what
    /// went wrong, if something did.
    func write(_ bytes: [UInt8]) -> String? {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return "\(temporary) can't be written: \(systemError())" }
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent)
            }
            if count <= 0 {
                let reason = systemError()
                close(descriptor)
                unlink(temporary)
                return "\(temporary) can't be written: \(reason)"
            }
            sent += count
        }
        close(descriptor)
        return rename(temporary, path) == 0 ? nil : "\(path) can't be replaced: \(systemError())"
    }
}
