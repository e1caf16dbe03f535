// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT
import PackageDescription

#if !os(Linux)
    fatalError("dmr-gateway builds and runs on Linux only (its loop is libuv on epoll); elsewhere use Docker.")
#endif

/// Modules of ours see each other's internals only through `public`; imports are internal unless said otherwise.
let ours: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility")
]

let package = Package(
    name: "dmr-gateway",
    products: [
        .executable(name: "dmr-gateway", targets: ["dmr-gateway"]),
        .executable(name: "dmr-bench", targets: ["dmr-bench"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.3.0")
    ],
    targets: [
        .systemLibrary(name: "CUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "CLLHTTP", pkgConfig: "libllhttp", providers: [.apt(["libllhttp-dev"])]),
        .systemLibrary(name: "CYYJSON", pkgConfig: "yyjson", providers: [.apt(["libyyjson-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "GatewayCore", dependencies: ["CYYJSON", "CZstd"], swiftSettings: ours),
        .target(
            name: "Transport", dependencies: ["GatewayCore", "CUV", "CLLHTTP", "COpenSSL"], swiftSettings: ours),
        .target(name: "Gateway", dependencies: ["GatewayCore", "Transport"], swiftSettings: ours),
        .target(name: "SimulatedRunner", dependencies: ["GatewayCore", "Transport"], swiftSettings: ours),
        .executableTarget(
            name: "dmr-gateway",
            dependencies: [
                "GatewayCore", "Transport", "Gateway", "SimulatedRunner",
                .product(name: "ArgumentParser", package: "swift-argument-parser")
            ],
            swiftSettings: ours),
        .target(name: "BenchFigures", path: "bench/BenchFigures", swiftSettings: ours),
        .executableTarget(
            name: "dmr-bench",
            dependencies: [
                "BenchFigures", "GatewayCore", "Transport",
                .product(name: "ArgumentParser", package: "swift-argument-parser")
            ],
            path: "bench/dmr-bench", swiftSettings: ours),
        .testTarget(
            name: "BenchTests",
            dependencies: ["BenchFigures", "GatewayCore", "Transport", "SimulatedRunner", "dmr-bench"],
            swiftSettings: ours),
        // Run by scripts/bench-micro; no product, so that nobody installs it.
        .executableTarget(
            name: "dmr-micro", dependencies: ["GatewayCore", "Transport"], path: "bench/micro",
            exclude: ["recorded.tsv", "whole-gateway"], swiftSettings: ours),
        // Bytes as strangers send them: data for tests on sockets and for the comparison with nginx and HAProxy.
        .target(name: "HostileCases", path: "Tests/Hostile/Cases", swiftSettings: ours),
        // Prints them for scripts/test-hostile; no product, so that nobody installs it.
        .executableTarget(
            name: "dmr-hostile-cases", dependencies: ["HostileCases"], path: "Tests/Hostile/Listing",
            swiftSettings: ours),
        // Bodies as compressing clients send them; for both kinds of tests.
        .target(name: "ZstdFrames", dependencies: ["CZstd"], path: "Tests/ZstdFrames", swiftSettings: ours),
        // System calls that fail, or end the process, where a test wants it; the command is a process to be ended.
        .target(name: "FaultyFiles", dependencies: ["Gateway"], path: "Tests/FaultyFiles", swiftSettings: ours),
        .executableTarget(
            name: "dmr-configuration-writer", dependencies: ["FaultyFiles", "GatewayCore", "Gateway"],
            path: "Tests/ConfigurationWriter", swiftSettings: ours),
        .testTarget(
            name: "GatewayCoreTests", dependencies: ["GatewayCore", "ZstdFrames", "FuzzTargets"], swiftSettings: ours),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "COpenSSL", "GatewayCore", "Transport", "Gateway", "SimulatedRunner", "ZstdFrames", "FaultyFiles",
                "HostileCases", "dmr-configuration-writer"
            ],
            swiftSettings: ours),
        // The core in virtual time: an engine of its own, so that a command can play more schedules than the tests do.
        .target(
            name: "Simulation", dependencies: ["GatewayCore"], path: "Tests/Simulation/Engine", swiftSettings: ours),
        .executableTarget(
            name: "dmr-simulate", dependencies: ["Simulation"], path: "Tests/Simulation/Command", swiftSettings: ours),
        .testTarget(
            name: "SimulationTests", dependencies: ["Simulation"], path: "Tests/Simulation/Checks",
            swiftSettings: ours),
        // What must hold of whatever reads strangers' bytes; scripts/fuzz looks for inputs that break it.
        .target(
            name: "FuzzTargets", dependencies: ["GatewayCore", "Transport", "HostileCases", "ZstdFrames"],
            path: "Tests/Fuzz/Targets", swiftSettings: ours),
        .executableTarget(
            name: "dmr-fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Command", swiftSettings: ours),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Checks", swiftSettings: ours)
    ]
)
