package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
)

// RequestMetrics counts responses and measures their time, for Prometheus.
type RequestMetrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// NewRequestMetrics registers the metrics under a prefix, as dar_http.
func NewRequestMetrics(registry prometheus.Registerer, prefix string) *RequestMetrics {
	m := &RequestMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "_requests_total",
			Help: "Requests that were answered.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    prefix + "_request_duration_seconds",
			Help:    "How long the answers took.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 11),
		}, []string{"route", "method"}),
	}
	registry.MustRegister(m.requests, m.duration)

	return m
}

// countedMethods are the methods with a label of their own. A caller could invent any number of others.
var countedMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodOptions,
}

// Observe counts one response. The label is the route's pattern, never the address, which names a meter point.
func (m *RequestMetrics) Observe(c echo.Context, duration time.Duration) {
	route := c.Path()
	if route == "" {
		route = "none"
	}

	method := c.Request().Method
	if !slices.Contains(countedMethods, method) {
		method = "other"
	}

	m.requests.WithLabelValues(route, method, strconv.Itoa(c.Response().Status)).Inc()
	m.duration.WithLabelValues(route, method).Observe(duration.Seconds())
}
