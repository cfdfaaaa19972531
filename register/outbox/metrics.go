package outbox

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"central.consent/dar/register/store"
)

// scrapeTime bounds the database query of one scrape.
const scrapeTime = 5 * time.Second

var (
	jobsWaiting = prometheus.NewDesc(
		"dar_jobs_waiting", "Webhook events and letters that wait for an attempt.", []string{"kind"}, nil,
	)
	jobsUndelivered = prometheus.NewDesc(
		"dar_jobs_undelivered", "Webhook events and letters that were given up and are kept.", []string{"kind"}, nil,
	)
	alarmsKept = prometheus.NewDesc(
		"dar_alarms", "Alarms about accounts that were raised within a year.", []string{"kind"}, nil,
	)
)

// collector counts the jobs and the alarms at each scrape, so that every replica reports the same numbers.
type collector struct{ store *store.Store }

// NewCollector returns the metrics of the outbox.
func NewCollector(s *store.Store) prometheus.Collector { return collector{s} }

// Describe implements prometheus.Collector.
func (collector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- jobsWaiting
	descriptions <- jobsUndelivered
	descriptions <- alarmsKept
}

// Collect implements prometheus.Collector.
func (c collector) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()

	waiting, undelivered, err := c.store.CountJobs(ctx)
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(jobsWaiting, err)

		return
	}

	for _, kind := range []string{store.KindWebhook, store.KindMail} {
		metrics <- prometheus.MustNewConstMetric(
			jobsWaiting, prometheus.GaugeValue, float64(waiting[kind]), kind)
		metrics <- prometheus.MustNewConstMetric(
			jobsUndelivered, prometheus.GaugeValue, float64(undelivered[kind]), kind)
	}

	alarms, err := c.store.CountAlarms(ctx)
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(alarmsKept, err)

		return
	}

	for _, kind := range []string{store.AlarmObjections, store.AlarmFirstContacts} {
		metrics <- prometheus.MustNewConstMetric(
			alarmsKept, prometheus.GaugeValue, float64(alarms[kind]), kind)
	}
}
