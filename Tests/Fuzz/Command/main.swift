// SPDX-License-Identifier: MIT

import FuzzTargets
import Glibc

// dmr-fuzz: see scripts/fuzz. Built with -DLIBFUZZER and libFuzzer beside it, it fuzzes, too.

let arguments = CommandLine.arguments
func usage() -> Never {
    print("usage: dmr-fuzz list | seeds TARGET FOLDER | play TARGET FILE... | lines FILE... | fuzz TARGET [OPTION...]")
    exit(64)
}

func target(_ name: String) -> FuzzTarget {
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        print("dmr-fuzz: there is no target \(name), only \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
        exit(64)
    }
    return target
}

func contents(of path: String) -> [UInt8] {
    guard let bytes = Inputs.contents(of: path) else {
        print("dmr-fuzz: \(path) can't be read")
        exit(66)
    }
    return bytes
}

switch arguments.dropFirst().first {
case "list" where arguments.count == 2:
    for target in FuzzTarget.all { print(target.name) }
case "seeds" where arguments.count == 4:
    for (index, seed) in target(arguments[2]).seeds().enumerated() {
        guard let file = fopen("\(arguments[3])/seed-\(index)", "w") else {
            print("dmr-fuzz: nothing can be written to \(arguments[3])")
            exit(73)
        }
        fwrite(seed, 1, seed.count, file)
        fclose(file)
    }
case "play" where arguments.count > 3:
    let target = target(arguments[2])
    var broken = 0
    for path in arguments[3...] {
        guard let violation = target.violation(contents(of: path)) else { continue }
        broken += 1
        print("\(path): \(violation)")
    }
    exit(broken == 0 ? 0 : 1)
case "lines" where arguments.count > 2:
    for path in arguments[2...] { print(Inputs.line(contents(of: path))) }
#if LIBFUZZER
    case "fuzz" where arguments.count > 2:
        Fuzzer.run(target(arguments[2]), Array(arguments[3...]))
#endif
default: usage()
}
