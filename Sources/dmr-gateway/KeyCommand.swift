// SPDX-License-Identifier: MIT

import ArgumentParser
import Gateway
import GatewayCore

/// `dmr-gateway key`: keys in the configuration file that `serve` would use.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Makes, lists and revokes keys in the configuration file.",
        discussion: """
            The file is the one that serve would use: --config, DMR_CONFIG, or config.json in
            the state folder. It holds a key's SHA-256 only; the key itself is shown once. A
            running gateway reads a changed file at once.

            Exit status: 0; 1 if the file was not changed; 64 for wrong usage; 78 if the
            configuration is wrong.
            """,
        subcommands: [NewKeyCommand.self, ListKeysCommand.self, RevokeKeyCommand.self])
}

/// Where the file is.
struct KeyFile: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration file, JSON.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The folder for state, whose config.json is the file.", valueName: "folder"))
    var stateDir: String?

    fileprivate var reader: ConfigurationReader {
        var flags = ConfigurationSources.Flags()
        flags.configFile = config
        flags.stateDirectory = stateDir
        return ConfigurationReader(flags: flags)
    }

    /// - Throws: `ExitCode`, after it said why on standard error.
    fileprivate func update(_ change: ConfigurationUpdate.Change) throws(ExitCode) {
        let reader = reader
        let before = try reader.resolveOrExit().configuration.access.keys
        do {
            let store = ConfigurationStore(try reader.location())
            let outcome = try store.update(resolve: reader.resolve(file:), change: change)
            if let warning = outcome.warning { StandardError.print("warning: \(warning)") }
            if let consequence = KeyUpdate.consequence(of: before, in: outcome.resolved.configuration) {
                StandardError.print("note: \(consequence)")
            }
        } catch let error as GatewayError {
            StandardError.print("error: \(error.sentence)")
            throw ExitCode.failure
        } catch {
            StandardError.print("error: \(error)")
            throw ExitCode(ExitStatus.badConfiguration)
        }
    }
}

struct NewKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Makes a key and prints it, alone, on standard output.",
        discussion: """
            It is shown this once. Without --scope a user's key may list and infer; an
            admin's may do everything.

              dmr-gateway key new laptop
              dmr-gateway key new ci --scope read --scope inference --model 'llama3*'
            """)

    @Argument(help: "What the key is called in lists, logs and metrics.")
    var name: String

    @Option(help: "user or admin.")
    var role: Configuration.Access.Role = .user

    @Option(
        help: ArgumentHelp(
            "A model that it may use and see, by the name that lists show; * stands for any characters (repeatable).",
            valueName: "glob"))
    var model: [String] = []

    @Option(help: "What it may do (repeatable).")
    var scope: [Configuration.Access.Scope] = []

    @Flag(help: "Print the entry for the file on the next line, instead of writing it.")
    var print = false

    @OptionGroup var file: KeyFile

    func run() throws {
        let new = NewKey()
        let entry: JSON
        do throws(GatewayError) {
            entry = try KeyUpdate.entry(fields, digest: new.digest, created: new.created)
        } catch {
            StandardError.print("error: \(error.sentence)")
            throw ExitCode(ExitStatus.usage)
        }
        guard !print else { return Swift.print("\(new.text)\n\(String(decoding: entry.bytes, as: UTF8.self))") }
        try file.update { document, current throws(GatewayError) in
            try KeyUpdate.add(entry, to: &document, current: current)
        }
        Swift.print(new.text)
    }

    /// Only what was asked for: the rest is the file's default, as for an entry written by hand.
    private var fields: JSON {
        var members: [JSON.Member] = [.init("name", .string(name)), .init("role", .string(role.rawValue))]
        if !scope.isEmpty { members.append(.init("scopes", .array(scope.map { .string($0.rawValue) }))) }
        if !model.isEmpty { members.append(.init("models", .array(model.map { .string($0) }))) }
        return .object(members)
    }
}

struct ListKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the keys of the file: name, role, scopes, models, when they were made.")

    @OptionGroup var file: KeyFile

    func run() throws {
        let resolved = try file.reader.resolveOrExit()
        let rows = resolved.configuration.access.keys.map { key in
            let scopes = Configuration.Access.Scope.allCases.filter(key.effectiveScopes.contains).map(\.rawValue)
            return [
                key.name, key.role.rawValue, scopes.joined(separator: ","),
                key.models.isEmpty ? "*" : key.models.joined(separator: ","), key.created ?? "-"
            ]
        }
        let table = [["NAME", "ROLE", "SCOPES", "MODELS", "CREATED"]] + rows
        let widths = (0..<4).map { column in table.map { $0[column].count }.max() ?? 0 }
        for row in table {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count + 2) }
            print(cells.joined() + row[4])
        }
    }
}

struct RevokeKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Removes a key from the file; a running gateway refuses it from then on.")

    @Argument(help: "The key's name.")
    var name: String

    @OptionGroup var file: KeyFile

    func run() throws {
        try file.update { document, _ throws(GatewayError) in try KeyUpdate.revoke(name, in: &document) }
    }
}
