// SPDX-License-Identifier: MIT

public import ArgumentParser
public import GatewayCore

// The flags' choices are the core's own enums, so that help, errors and file agree. A conformance of a public type is
// public whether one wants it or not, hence the public imports.
extension SelectionPolicy: ExpressibleByArgument {}
extension Configuration.Log.Level: ExpressibleByArgument {}
extension Configuration.Log.Format: ExpressibleByArgument {}
extension Configuration.Access.Role: ExpressibleByArgument {}
extension Configuration.Access.Scope: ExpressibleByArgument {}
