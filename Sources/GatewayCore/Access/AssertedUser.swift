// SPDX-License-Identifier: MIT

/// Whom a key with `asserts_user` says that a request is made for: Open WebUI's user.
struct AssertedUser: Equatable, Sendable {
    var role: String?
    /// In lower case.
    var email: String?
    var id: String?

    init(role: String? = nil, email: String? = nil, id: String? = nil) {
        self.role = role.nonEmpty
        self.email = email.nonEmpty?.lowercased()
        self.id = id.nonEmpty
    }

    /// Says nothing that a rule could be about.
    var isNobody: Bool { role == nil && email == nil && id == nil }

    /// What tells one user from another; nil where nothing does.
    var identifier: String? { id ?? email }
}

/// Open WebUI's header fields about its user (ow section 7).
struct UserFields {
    private(set) var plain = AssertedUser()
    /// `X-OpenWebUI-User-Jwt`, as it came.
    private(set) var token: HeaderFields.Field?

    /// - Throws: 400 if one of the fields comes twice: two readers could then see two users.
    init(_ headers: HeaderFields) throws(GatewayError) {
        var seen: [String] = []
        var values: [String: String] = [:]
        for field in headers.fields where field.name == .xOpenWebUIUser {
            let name = headers.nameText(field).lowercased()
            guard !seen.contains(name) else { throw .userTwice }
            seen.append(name)
            if name == "x-openwebui-user-jwt" { token = field } else { values[name] = headers.text(field) }
        }
        plain = AssertedUser(
            role: values["x-openwebui-user-role"], email: values["x-openwebui-user-email"],
            id: values["x-openwebui-user-id"])
    }
}

extension String? {
    fileprivate var nonEmpty: String? { flatMap { $0.isEmpty ? nil : $0 } }
}
