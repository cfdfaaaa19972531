package register

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"central.consent/dar/register/store"
)

// scrapeTime bounds what the database is asked for one scrape.
const scrapeTime = 5 * time.Second

// metrics are one register's own: several in one process do not mix.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

func newMetrics(s *store.Store) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dar_http_requests_total", Help: "Requests that were answered.",
		}, []string{"route", "method", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "dar_http_request_duration_seconds",
			Help:    "How long the answers took.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 11),
		}, []string{"route", "method"}),
	}
	m.registry.MustRegister(
		m.requests,
		m.took,
		jobs{s},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// countedMethods are told apart; a caller may make up others without end.
var countedMethods = []string{
	http.MethodGet,
	http.MethodHead,
	http.MethodPost,
	http.MethodPut,
	http.MethodPatch,
	http.MethodDelete,
	http.MethodOptions,
}

// answered counts one answer. Route is the pattern and never the address, for that names a meter point.
func (m *metrics) answered(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	if !slices.Contains(countedMethods, method) {
		method = "other"
	}

	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(route, method).Observe(took.Seconds())
}

// jobs counts the outbox when it is asked, so that each replica tells the same.
type jobs struct{ store *store.Store }

var (
	jobsWaiting = prometheus.NewDesc(
		"dar_jobs_waiting",
		"Webhook events and letters that wait for an attempt.",
		[]string{"kind"},
		nil,
	)
	jobsUndelivered = prometheus.NewDesc(
		"dar_jobs_undelivered",
		"Webhook events and letters that were given up and are kept.",
		[]string{"kind"},
		nil,
	)
)

// Describe implements prometheus.Collector.
func (j jobs) Describe(into chan<- *prometheus.Desc) { into <- jobsWaiting; into <- jobsUndelivered }

// Collect implements prometheus.Collector.
func (j jobs) Collect(into chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	waiting, undelivered, err := j.store.CountJobs(ctx)
	if err != nil {
		into <- prometheus.NewInvalidMetric(jobsWaiting, err)
		return
	}
	for _, kind := range []string{store.KindWebhook, store.KindMail} {
		into <- prometheus.MustNewConstMetric(jobsWaiting, prometheus.GaugeValue, float64(waiting[kind]), kind)
		into <- prometheus.MustNewConstMetric(jobsUndelivered, prometheus.GaugeValue, float64(undelivered[kind]), kind)
	}
}

// Metrics answers what Prometheus asks. It is for a listener of its own, that strangers do not reach. What cannot be
// counted at the moment is left out.
func (s *Register) Metrics() http.Handler {
	return promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}
