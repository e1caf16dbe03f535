// SPDX-License-Identifier: MIT

#if LIBFUZZER
    import FuzzTargets
    import Glibc

    /// libFuzzer's own entry, for a program that has a main function: it calls `check` with each input it makes.
    @_silgen_name("LLVMFuzzerRunDriver")
    private func runDriver(
        _ count: UnsafeMutablePointer<Int32>,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
        _ check: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
    ) -> Int32

    enum Fuzzer {
        /// Set once, before the first input.
        nonisolated(unsafe) private static var target: FuzzTarget?

        /// Ends the process at the first input that breaks a property; libFuzzer has written it to a file then.
        static func run(_ target: FuzzTarget, _ options: [String]) -> Never {
            self.target = target
            var count = Int32(options.count + 1)
            var arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: options.count + 2)
            for (index, argument) in (["dmr-fuzz"] + options).enumerated() { arguments[index] = strdup(argument) }
            arguments[options.count + 1] = nil
            exit(
                runDriver(&count, &arguments) { base, count in
                    let bytes = Array(UnsafeBufferPointer(start: base, count: base == nil ? 0 : count))
                    if let violation = Fuzzer.target?.violation(bytes) {
                        print("broken: \(violation)")
                        fflush(nil)
                        abort()
                    }
                    return 0
                })
        }
    }
#endif
