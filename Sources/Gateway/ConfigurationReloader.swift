// SPDX-License-Identifier: MIT

public import GatewayCore
public import Transport

/// Reads the configuration anew when its file changes or somebody asks for it, and hands it to the gateway if it is
/// sound and another one. What is wrong is said once, and the running configuration stays.
public final class ConfigurationReloader: Timed {
    /// Reads flags, file and environment again, as at the start.
    public typealias Resolve = () throws(ConfigurationErrors) -> ResolvedConfiguration

    private let path: String
    private let resolve: Resolve
    private let log: Log
    private let apply: (Configuration) -> Void
    private var watchers: [FolderWatcher] = []
    /// The last sound one.
    private var current: ResolvedConfiguration
    /// Of the last try, so that they are not said with every event while a file stays bad.
    private var lastErrors: [String] = []
    private var firstEvent: Instant?
    /// Folders that can't be watched were named in the log.
    private var saidUnwatched = false

    /// Editors and Kubernetes make several changes in a row; a file is read when it has been quiet for this long …
    private static let quiet = Interval.milliseconds(100)
    /// … but whoever writes to it all the time doesn't keep it from being read.
    private static let longestWait = Interval.seconds(1)
    /// A folder that is not there, or not any more, is looked for this often.
    private static let retry = Interval.seconds(5)

    /// - Parameters:
    ///   - path: the configuration file, which need not be there.
    ///   - current: what the process was started with.
    public init(
        loop: Loop, path: String, current: ResolvedConfiguration, log: Log, resolve: @escaping Resolve,
        apply: @escaping (Configuration) -> Void
    ) {
        self.path = path
        self.current = current
        self.log = log
        self.resolve = resolve
        self.apply = apply
        super.init(loop: loop)
        watch()
    }

    // MARK: Watching

    /// A mounted ConfigMap is a link to a link to a folder, and an update replaces the one in the middle, in the file's
    /// own folder. A link that somebody set leads to a folder of its own, where the file may be replaced, too. Made
    /// anew after every event: the folders may be others now.
    private func watch() {
        var fresh: [FolderWatcher] = []
        var places = [FilePlace(path)]
        if let target = FilePlace.resolved(path), target != places[0] { places.append(target) }
        for place in places {
            do throws(UVError) {
                fresh.append(
                    try FolderWatcher(loop: loop, folder: place.folder) { [weak self] name in
                        guard let self, name.map({ place.concerns($0) }) ?? true else { return }
                        noticed()
                    })
            } catch {
                if !saidUnwatched {
                    log.debug("\(place.folder) can't be watched for changes of the configuration: \(error)")
                }
                saidUnwatched = true
            }
        }
        watchers = fresh
        if fresh.count < places.count { setDeadline(in: ConfigurationReloader.retry) } else { saidUnwatched = false }
    }

    private func noticed() {
        let first = firstEvent ?? loop.now
        firstEvent = first
        setDeadline(min(loop.now + ConfigurationReloader.quiet, first + ConfigurationReloader.longestWait))
    }

    override public func deadlineReached(at now: Instant) {
        firstEvent = nil
        // First the watches: what changes after this is seen by them, what changed before is read now.
        watch()
        reload(isAskedFor: false)
    }

    // MARK: Reading

    /// Asked for by SIGHUP: everything is said, also that nothing changed.
    public func reload() {
        watch()
        reload(isAskedFor: true)
    }

    private func reload(isAskedFor: Bool) {
        do throws(ConfigurationErrors) {
            if !take(try resolve()), isAskedFor { log.info("configuration: nothing has changed") }
        } catch {
            guard isAskedFor || error.errors != lastErrors else { return }
            lastErrors = error.errors
            for line in error.errors { log.error("configuration: \(line)") }
            log.error("configuration: what runs is kept until this is mended")
        }
    }

    /// A sound configuration is there, from the file or from whoever has written it just now. Says whether it is
    /// another one.
    @discardableResult
    func take(_ resolved: ResolvedConfiguration) -> Bool {
        if !lastErrors.isEmpty { log.info("configuration: it is good again") }
        lastErrors = []
        for warning in resolved.warnings where !current.warnings.contains(warning) { log.warning(warning) }
        let isAnother = resolved.configuration != current.configuration
        current = resolved
        if isAnother { apply(resolved.configuration) }
        return isAnother
    }

    public func stop() {
        watchers = []
        setDeadline(.distantFuture)
    }
}
