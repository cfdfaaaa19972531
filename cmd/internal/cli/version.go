package cli

import "runtime/debug"

// version is set when a release is built: -ldflags "-X central.consent/dar/cmd/internal/cli.version=v1.2.3".
var version string

// Version returns the version of the running program: that of the release, or else what the Go toolchain noted about
// the sources when it built the program.
func Version() string {
	if version != "" {
		return version
	}

	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}

	return info.Main.Version
}
