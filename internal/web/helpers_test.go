package web

import (
	"maps"
	"net/http"
	"net/http/httptest"
)

// send sends a request to a handler and returns the response.
func send(h http.Handler, method, path string, header http.Header) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	maps.Copy(request.Header, header)
	response := httptest.NewRecorder()
	h.ServeHTTP(response, request)

	return response
}
