// SPDX-License-Identifier: MIT

import CUV

/// Tells the loop when something in a folder changes: an entry is written, made, renamed or removed. It watches the
/// folder and not a file in it, since a file that is replaced (temp file and rename, as everybody should) is another
/// one afterwards. It does not keep the loop running.
public final class FolderWatcher {
    /// Held: the handle can be closed only while its loop is there.
    private let loop: Loop
    private let handle: UnsafeMutablePointer<uv_fs_event_t>
    private var isInitialised = false
    private let changed: (_ name: String?) -> Void

    /// - Parameter changed: called with the entry's name, or nil where the system did not say which one it was; often
    ///   several times for one change.
    /// - Throws: `UVError` when the folder can't be watched: it is not there, or the system's watches are used up.
    public init(loop: Loop, folder: String, changed: @escaping (_ name: String?) -> Void) throws(UVError) {
        self.loop = loop
        self.changed = changed
        handle = .allocate(capacity: 1)
        try UVError.check(uv_fs_event_init(loop.uv, handle))
        isInitialised = true
        handle.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        uv_unref(handle.asHandle)
        try UVError.check(
            uv_fs_event_start(
                handle,
                { handle, name, _, _ in
                    guard let data = handle?.pointee.data else { return }
                    let watcher = Unmanaged<FolderWatcher>.fromOpaque(data).takeUnretainedValue()
                    watcher.changed(name.map { String(cString: $0) })
                }, folder, 0))
    }

    deinit {
        guard isInitialised else { return handle.deallocate() }
        uv_fs_event_stop(handle)
        handle.pointee.data = nil
        uv_close(handle.asHandle) { handle in
            handle.map { UnsafeMutableRawPointer($0).deallocate() }
        }
    }
}
