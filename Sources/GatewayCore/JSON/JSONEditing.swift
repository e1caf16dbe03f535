// SPDX-License-Identifier: MIT

extension JSON {
    /// Puts a value where the keys lead: in the place of the one that is there, else behind the object's last member.
    /// Objects on the way are made where they are missing, and in the place of what is no object.
    public mutating func set(_ keys: some Collection<String>, to value: JSON) {
        guard let key = keys.first else {
            self = value
            return
        }
        var members = self.members ?? []
        if let index = members.lastIndex(where: { $0.key == key }) {
            members[index].value.set(keys.dropFirst(), to: value)
        } else {
            var made = JSON.null
            made.set(keys.dropFirst(), to: value)
            members.append(Member(key, made))
        }
        self = .object(members)
    }
}
