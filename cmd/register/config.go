package main

import (
	"fmt"

	"central.consent/dar/cmd/internal/env"
	"central.consent/dar/register"
)

// config is every setting of the register; nothing else reads its environment.
type config struct {
	Listen           string     `env:"REGISTER_LISTEN" envDefault:"localhost:5002" help:"Where to listen, host:port."`
	Database         env.Secret `env:"REGISTER_DATABASE,required" help:"A postgres:// URL, or the path of a SQLite file, which is made when missing." example:"/var/lib/register/register.db"`
	PublicURL        string     `env:"REGISTER_PUBLIC_URL" envDefault:"http://localhost:5002" help:"Where the register stands for browsers; https off loopback." example:"https://id.central.consent"`
	Keys             env.Secret `env:"REGISTER_KEYS,required" help:"Keys that seal e-mail addresses and evidence, id:key,id:key, the one to seal with first. 'register key' makes one." example:"2026a:<32 bytes in base64>"`
	Reidentification string     `env:"REGISTER_REIDENTIFICATION" envDefault:"live" help:"live, or stub: confirms every customer at once. A stub is for demonstrations on a loopback address alone."`
}

// reidentification is the way of asking customers that the setting names.
func (c config) reidentification() (register.Reidentification, error) {
	switch c.Reidentification {
	case "live":
		return register.Live{}, nil
	case "stub":
		return register.Stub{}, nil
	}
	return nil, fmt.Errorf("REGISTER_REIDENTIFICATION must be live or stub, not %q", c.Reidentification)
}
