package outbox

import (
	"math/rand/v2"
	"slices"
	"time"

	"central.consent/dar/register/rules"
	"central.consent/dar/register/store"
)

// The waits after each failed attempt. A job is given up after the attempt that follows the last wait.
var (
	webhookRetries = []time.Duration{
		time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 24 * time.Hour,
	}
	letterRetries = []time.Duration{
		10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, time.Hour, 6 * time.Hour,
	}
	// linkRetries cover the life of a link, after which its letter is dropped.
	linkRetries = append(
		[]time.Duration{10 * time.Second, 30 * time.Second},
		slices.Repeat([]time.Duration{time.Minute}, 15)...,
	)
)

// retriesOf returns the waits of a job.
func retriesOf(job store.Job) []time.Duration {
	switch {
	case rules.IsTest(job):
		return nil
	case job.Kind == store.KindWebhook:
		return webhookRetries
	case job.Subject == rules.SubjectLink:
		return linkRetries
	default:
		return letterRetries
	}
}

// withJitter returns a wait, up to a tenth longer, so that jobs that failed together do not return together.
func withJitter(wait time.Duration) time.Duration { return wait + rand.N(wait/10) }
