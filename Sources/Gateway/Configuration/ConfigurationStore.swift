// SPDX-License-Identifier: MIT

public import GatewayCore
import Glibc

/// The configuration file as something that can be changed, while people and other processes change it, too:
///
///     try store.update(resolve: reader.resolve) { document, _ in
///         document.set("access", "keys", to: .array(keys))
///     }
///
/// A change is read, decided and written under one lock, so none is lost and none is seen by halves; `LockedFile` says
/// what is left after a crash. What the change doesn't touch stays in the file as it was.
///
/// Commands use this; the running gateway uses `ConfigurationUpdates`, whose disk never holds up the loop.
public struct ConfigurationStore: Sendable {
    /// As it was named; the file need not be there.
    public let path: String
    private let makesFolder: Bool
    private let files: any FileLayer

    /// The file that `serve` uses. Its folder is made if it is the state folder.
    public init(_ location: ConfigurationLocation) {
        self.init(location, files: SystemFiles())
    }

    package init(_ location: ConfigurationLocation, files: any FileLayer) {
        path = location.file
        makesFolder = !location.isFileNamed
        self.files = files
    }

    /// What an update came to.
    public struct Outcome: Sendable {
        /// What flags, file and environment come to now.
        public var resolved: ResolvedConfiguration
        /// For a person, if something isn't as it should be though the change is made.
        public var warning: String?
    }

    /// Changes the file; blocks for as long as the disk takes, and up to 5 seconds while another process changes it. An
    /// unchanged document is not written.
    ///
    /// - Parameters:
    ///   - resolve: reads flags, environment and the given content of the file as a start would.
    ///   - change: of the document; what it throws refuses the update.
    /// - Throws: what `change` throws; 409 where a flag pins the setting, the file is wrong already or can't be written;
    ///   400 where the file would become wrong. Then nothing has changed.
    @discardableResult
    public func update(
        resolve: ConfigurationUpdate.Resolve, change: ConfigurationUpdate.Change
    ) throws(GatewayError) -> Outcome {
        let file = try open().get()
        let update: ConfigurationUpdate
        do throws(GatewayError) {
            update = try ConfigurationUpdate(of: (path, file.bytes), resolve: resolve, change: change)
        } catch {
            file.giveBack()
            throw error
        }
        guard let bytes = update.bytes else {
            file.giveBack()
            return Outcome(resolved: update.resolved)
        }
        return Outcome(resolved: update.resolved, warning: try replace(file, with: bytes).get())
    }

    // MARK: The two halves that block

    func open() -> Result<LockedFile, GatewayError> {
        do throws(FileFailure) {
            return .success(try LockedFile(path, makesFolder: makesFolder, files: files))
        } catch {
            return .failure(GatewayError(error, file: path))
        }
    }

    /// A warning, if the change is made and something isn't as it should be.
    func replace(_ file: LockedFile, with bytes: [UInt8]) -> Result<String?, GatewayError> {
        do throws(FileFailure) {
            let failure = try file.replace(with: bytes)
            return .success(
                failure.map { "\($0.path) is changed, but might not be after a power failure: \($0.reason)" })
        } catch {
            return .failure(GatewayError(error, file: path))
        }
    }
}

extension GatewayError {
    /// - Parameter file: that was to be changed; the failure may be about another one beside it.
    fileprivate init(_ failure: FileFailure, file: String) {
        let remedy =
            switch failure.code {
            case EACCES, EPERM, EROFS:
                "Let the gateway write to its folder, or change the file yourself: it is read again at once."
            case EBUSY, EXDEV: "A file that is mounted by itself can't be replaced: mount its folder."
            case ENOSPC, EDQUOT: "Make room on its disk and try again."
            default: "Mend that and try again."
            }
        let place = failure.path.isEmpty || failure.path == file ? "" : "\(failure.path): "
        self.init(
            409, "\(file) can't be changed: \(place)\(failure.reason). Nothing has changed. \(remedy)",
            origin: .gateway)
    }
}
