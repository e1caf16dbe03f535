// SPDX-License-Identifier: MIT

public import GatewayCore
import Transport

/// How connections to a runner are secured.
enum RunnerSecurity {
    case plainText
    case tls(TLSClientContext)
    /// Its `tls_ca` can't be used any more; whom to believe is not known, so nobody is.
    case unusable(reason: String)
}

/// Whom runners' settings say to believe, read once for all runners that agree.
final class RunnerTrust {
    private struct Settings: Hashable {
        var verifies: Bool
        var authorities: String
    }

    private var known: [Settings: TLSTrust] = [:]

    func security(of runner: RunnerConfiguration) -> RunnerSecurity {
        guard runner.url.isHTTPS else { return .plainText }
        let settings = Settings(verifies: runner.verifiesTLS, authorities: runner.tlsCA)
        if let trust = known[settings] { return .tls(TLSClientContext(trust)) }
        do throws(TLSFileError) {
            let trust = try TLSTrust(
                verifies: runner.verifiesTLS, authorities: runner.tlsCA.isEmpty ? nil : runner.tlsCA)
            known[settings] = trust
            return .tls(TLSClientContext(trust))
        } catch {
            return .unusable(reason: "its tls_ca, \(error.file), \(error.reason)")
        }
    }

    /// The files are read again for who asks next.
    func forget() {
        known = [:]
    }
}

/// The files that TLS settings name. The core checks the settings; this opens the files.
public enum TLSFiles {
    /// At the start and for every reload, so that a bad file is a bad configuration.
    ///
    /// - Throws: every file that can't be used, by the setting that names it.
    public static func check(_ configuration: Configuration) throws(ConfigurationErrors) {
        var errors: [String] = []
        for (index, runner) in configuration.runners.enumerated() where runner.url.isHTTPS && !runner.tlsCA.isEmpty {
            do throws(TLSFileError) {
                try TLSTrust.check(authorities: runner.tlsCA)
            } catch {
                errors.append("runners[\(index)].tls_ca: \(error.file) \(error.reason)")
            }
        }
        if !configuration.tls.certificate.isEmpty {
            do throws(TLSFileError) {
                _ = try context(configuration.tls, tickets: nil)
            } catch {
                errors.append("tls: \(error.file) \(error.reason)")
            }
        }
        if let failure = ConfigurationErrors(errors) { throw failure }
    }

    /// What TLS listeners show.
    static func context(_ tls: Configuration.TLS, tickets: TicketKeys?) throws(TLSFileError) -> TLSServerContext {
        let first = TLSServerContext.Identity(certificate: tls.certificate, key: tls.key)
        return try TLSServerContext(
            identities: [first] + tls.sni.map { .init(certificate: $0.certificate, key: $0.key) },
            clientAuthorities: tls.clientCA.isEmpty ? nil : tls.clientCA, tickets: tickets)
    }
}
