// SPDX-License-Identifier: MIT

import Glibc

/// A file as the folder that it is in knows it.
struct FilePlace: Equatable {
    let folder: String
    let name: String

    init(_ path: String) {
        let slash = path.lastIndex(of: "/")
        name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        switch slash {
        case .none: folder = "."
        case .some(path.startIndex): folder = "/"
        case .some(let slash): folder = String(path[..<slash])
        }
    }

    /// Where the path leads in the end; nil if it leads nowhere.
    static func resolved(_ path: String) -> FilePlace? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return FilePlace(String(cString: real))
    }

    /// Whether a change of that entry may be one of the file. Kubernetes swaps a link called `..data` beside it. All
    /// other names are none of its business: a log in the same folder is written to all the time.
    func concerns(_ entry: String) -> Bool {
        entry == name || entry.hasPrefix("..")
    }
}
