// Package web holds what the portal and the register do alike at their HTTP edges: headers, cookies,
// rendering, recovery and the log line of a request. It is a leaf: it imports nothing from this repository.
//
// Subpackage limit counts events in a sliding window, and address checks web addresses. They know neither HTTP nor SQL.
package web
