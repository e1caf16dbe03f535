// SPDX-License-Identifier: MIT

/// Runs benchmarks of the core; scripts/bench-micro runs this, under callgrind and without.
///
///     dmr-micro time|count [name-part …]
///
/// Prints a line for each benchmark whose name holds one of the parts: its name, a tab, and the nanoseconds of a run or,
/// with `count`, the number of runs between two of callgrind's marks.
@main
enum DMRMicro {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        let parts = arguments.dropFirst()
        let wanted = Benchmark.all.filter { benchmark in
            parts.isEmpty || parts.contains { benchmark.name.contains($0) }
        }
        let bench = Bench()
        switch arguments.first {
        case "time":
            for benchmark in wanted { print("\(benchmark.name)\t\(decimal(bench.time(benchmark)))") }
        case "count":
            for benchmark in wanted {
                bench.count(benchmark)
                print("\(benchmark.name)\t\(benchmark.runs)")
            }
        default:
            print("usage: dmr-micro time|count [name-part …]")
        }
    }

    /// One digit behind the point.
    private static func decimal(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
