package e2e

import (
	_ "code.dny.dev/ssrf"      // held in go.mod until register/webhook uses it
	_ "github.com/spf13/cobra" // held in go.mod until the commands use it
)
