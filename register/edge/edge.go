// Package edge decides what the register serves before any room sees a request: the hosts that it answers to, what its
// listener for administration has, whether it is ready, the page that describes the API, and how every error is sent.
package edge
