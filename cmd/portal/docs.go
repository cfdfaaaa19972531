package main

import "central.consent/dar/cmd/internal/env"

// docs explains each setting of config, for --help and the manual page.
var docs = map[string]env.Doc{
	"PORTAL_LISTEN": {
		Help: "Address and port to listen on, for plain HTTP: TLS ends at a proxy before the portal, " +
			"which passes the Host header on.",
	},
	"PORTAL_PUBLIC_URL": {
		Help: "Where customers find the portal. https, but on a loopback address. A request for a host that is " +
			"neither this one nor an operator's gets 421.",
		Example: "https://energy-access.example.org",
	},
	"PORTAL_DATABASE": {
		Help:    "Where sessions are kept: the path of a SQLite file, or a PostgreSQL URL for more than one replica.",
		Example: "postgres://portal:password@db.example.org/portal",
	},
	"PORTAL_REGISTER_URL": {Help: "The root of the register's API."},
	"PORTAL_PASSKEY_ORIGIN": {
		Help: "Where the register's passkey pages are: browsers are sent there, and nowhere else. " +
			"By default where the API is.",
		Example: "https://id.central.consent",
	},
	"PORTAL_SESSION_KEY": {
		Help: "Encrypts the sessions: 32 random bytes in base64, the same on every replica. " +
			"Make one with: openssl rand -base64 32",
	},
	"PORTAL_DEMONSTRATION": {
		Help: "true says on every page that nobody is really asked to confirm, as when the register runs in " +
			"stub mode. Loopback only, PORTAL_LISTEN as well as PORTAL_PUBLIC_URL.",
	},
	"PORTAL_TRUSTED_PROXIES": {
		Help: "The networks of the proxies before the portal, separated by commas. They are believed about where " +
			"requests come from, in X-Forwarded-For; without any, the peer counts.",
		Example: "10.0.0.0/8",
	},
	"PORTAL_OPERATORS": {
		Help: "The file of the operators: accounts, addresses, names, colours, logos. portal operator new writes one " +
			"to begin with. It replaces all the settings below, which are enough for one operator in the product's " +
			"own look.",
		Example: "/etc/portal/operators.toml",
	},
	"PORTAL_ACCOUNT_ID": {
		Help:    "The operator's account at the register, of the role portal. Required without PORTAL_OPERATORS.",
		Example: "portal_ops",
	},
	"PORTAL_ACCOUNT_SECRET": {Help: "The account's secret key. Required without PORTAL_OPERATORS."},
	"PORTAL_OPERATOR_NAME": {
		Help:    "The operator's name, as customers know it. Required without PORTAL_OPERATORS.",
		Example: "Citizens Advice",
	},
	"PORTAL_OPERATOR_CONTACT_URL": {
		Help: "The page on which customers get help. This or PORTAL_OPERATOR_PHONE is required without " +
			"PORTAL_OPERATORS.",
		Example: "https://example.org/contact",
	},
	"PORTAL_OPERATOR_PHONE": {
		Help: "The number that customers call for help. This or PORTAL_OPERATOR_CONTACT_URL is required without " +
			"PORTAL_OPERATORS.",
		Example: "0800 000 0000",
	},
	"PORTAL_RETURN_URLS": {
		Help: "Addresses that a link to the portal may ask to lead back to, separated by commas. " +
			"A link's must be the very same text.",
		Example: "https://example.org/energy,https://app.example.org/done",
	},
}
