// SPDX-License-Identifier: MIT

import CYYJSON

/// Why a document could not be read.
public struct JSONError: Error, Equatable, Sendable {
    /// yyjson's own words, e.g. `unexpected character`.
    public var message: String
    /// Bytes from the start of the document.
    public var position: Int
}

extension JSON {
    /// Reads one whole strict RFC 8259 document; anything behind it is an error.
    ///
    /// - Throws: `JSONError` with the position in bytes.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        var failure = yyjson_read_err()
        let document = bytes.withUnsafeBytes { source in
            // Without YYJSON_READ_INSITU the source is only read, which is why the cast is sound.
            yyjson_read_opts(
                UnsafeMutablePointer(mutating: source.baseAddress?.assumingMemoryBound(to: CChar.self)), source.count,
                YYJSON_READ_NUMBER_AS_RAW, nil, &failure)
        }
        guard let document else {
            throw JSONError(message: failure.msg.map { String(cString: $0) } ?? "empty document", position: failure.pos)
        }
        defer { yyjson_doc_free(document) }
        guard let root = yyjson_doc_get_root(document) else { throw JSONError(message: "empty document", position: 0) }
        try self.init(root, depth: 0)
    }

    /// yyjson itself doesn't recurse, but building and freeing a tree does: without a bound a peer could overflow the
    /// stack.
    private static let maximumDepth = 512

    private init(_ value: UnsafeMutablePointer<yyjson_val>, depth: Int) throws(JSONError) {
        guard depth < JSON.maximumDepth || !yyjson_is_ctn(value) else {
            throw JSONError(message: "nested deeper than \(JSON.maximumDepth) levels", position: 0)
        }
        switch yyjson_get_type(value) {
        case YYJSON_TYPE_BOOL: self = .bool(yyjson_get_bool(value))
        case YYJSON_TYPE_RAW: self = .number(String(bytes: yyjson_get_raw(value), count: yyjson_get_len(value)))
        case YYJSON_TYPE_STR: self = .string(String(bytes: yyjson_get_str(value), count: yyjson_get_len(value)))
        case YYJSON_TYPE_ARR: self = .array(try JSON.elements(of: value, depth: depth))
        case YYJSON_TYPE_OBJ: self = .object(try JSON.members(of: value, depth: depth))
        default: self = .null
        }
    }

    private static func elements(
        of array: UnsafeMutablePointer<yyjson_val>, depth: Int
    ) throws(JSONError) -> [JSON] {
        var iterator = yyjson_arr_iter()
        yyjson_arr_iter_init(array, &iterator)
        var elements: [JSON] = []
        elements.reserveCapacity(yyjson_arr_size(array))
        while let element = yyjson_arr_iter_next(&iterator) { elements.append(try JSON(element, depth: depth + 1)) }
        return elements
    }

    private static func members(
        of object: UnsafeMutablePointer<yyjson_val>, depth: Int
    ) throws(JSONError) -> [Member] {
        var iterator = yyjson_obj_iter()
        yyjson_obj_iter_init(object, &iterator)
        var members: [Member] = []
        members.reserveCapacity(yyjson_obj_size(object))
        while let key = yyjson_obj_iter_next(&iterator) {
            guard let value = yyjson_obj_iter_get_val(key) else { continue }
            let name = String(bytes: yyjson_get_str(key), count: yyjson_get_len(key))
            members.append(Member(name, try JSON(value, depth: depth + 1)))
        }
        return members
    }
}

extension String {
    fileprivate init(bytes: UnsafePointer<CChar>?, count: Int) {
        let text = UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count)
        self = String(decoding: text, as: UTF8.self)
    }
}
