package rules

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"central.consent/dar/register/store"
)

const (
	// KeptReadingLife is how long the response to a reading is kept for a repetition.
	KeptReadingLife = 2 * time.Minute
	// maxKeptReading is how many bytes a response has at most that is kept.
	maxKeptReading = 1 << 20
)

// KeyedReading is a reading with a token and an Idempotency-Key.
type KeyedReading struct {
	AccountID, MPxN, Token string
	Filter                 RecordFilter
	// Key is the Idempotency-Key, and RequestHash distinguishes requests by path and query.
	Key         string
	RequestHash []byte
	// Encode returns the response with this list as JSON.
	Encode func(list CustomerList) ([]byte, error)
}

// ReadingResponse is the response to a KeyedReading.
type ReadingResponse struct {
	Body []byte
	// Repeated is true if it is the response to an earlier request.
	Repeated bool
}

func placeOfReading(accountID, key string) string {
	return "kept_readings.sealed_answer " + accountID + " " + key
}

// ReadWithKey is ReadWithToken for a caller that may ask again after a lost response: within KeptReadingLife the same
// request gets the same response, if the customer of the token may still see the meter point and nothing of the list
// has changed. Otherwise the token counts as consumed, as without a key: a response that is kept shows nothing that
// could not be read now (docs/decisions.md, Idempotency). It returns an *Error of KindUnprocessable if the key belongs
// to another request.
func (r *Rules) ReadWithKey(ctx context.Context, request KeyedReading) (ReadingResponse, error) {
	response, err := r.repeatReading(ctx, request)
	if !errors.Is(err, store.ErrNotFound) {
		return response, err
	}

	var body []byte
	_, err = r.readWithToken(ctx, request.AccountID, request.MPxN, request.Filter, request.Token,
		func(tx *store.Tx, list CustomerList) (err error) {
			if body, err = request.Encode(list); err != nil {
				return err
			}

			return r.keepReading(ctx, tx, request, list, body)
		})
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Kind == KindConflict {
		// A request at the same time may have consumed the token.
		response, repeated := r.repeatReading(ctx, request)
		if !errors.Is(repeated, store.ErrNotFound) {
			return response, repeated
		}
	}

	return ReadingResponse{Body: body}, err
}

// keepReading keeps a response in the transaction of its reading, unless it is too long.
func (r *Rules) keepReading(
	ctx context.Context, tx *store.Tx, request KeyedReading, list CustomerList, body []byte,
) error {
	if len(body) > maxKeptReading {
		return nil
	}

	hash, err := hashOfList(list)
	if err != nil {
		return err
	}

	now := r.Now()
	key := r.keys.sealer()
	err = tx.KeepReading(ctx, store.KeptReading{
		AccountID:      request.AccountID,
		Key:            request.Key,
		RequestHash:    request.RequestHash,
		TokenHash:      HashToken(request.Token),
		RecordsHash:    hash,
		KeyID:          key.id,
		SealedResponse: key.sealed(body, placeOfReading(request.AccountID, request.Key)),
		CreatedAt:      store.Millis(now),
	}, now.Add(-KeptReadingLife))
	if errors.Is(err, store.ErrConflict) {
		return keyOfAnother()
	}

	return err
}

// repeatReading returns the response that was kept for a request. It returns store.ErrNotFound if none was kept.
func (r *Rules) repeatReading(ctx context.Context, request KeyedReading) (ReadingResponse, error) {
	var body []byte
	err := r.store.Transact(ctx, func(tx *store.Tx) error {
		now := r.Now()
		kept, err := tx.FindKeptReading(ctx, request.AccountID, request.Key, now.Add(-KeptReadingLife))
		if err != nil {
			return err
		}
		if !bytes.Equal(kept.RequestHash, request.RequestHash) {
			return keyOfAnother()
		}

		grant, err := r.grantOver(ctx, tx, request.AccountID, request.MPxN, request.Token)
		if err != nil {
			return err
		}

		list, err := r.readMeterPoint(ctx, tx, grant, request.Filter, now)
		if err != nil {
			return err
		}

		hash, err := hashOfList(list)
		if err != nil {
			return err
		}
		if !bytes.Equal(hash, kept.RecordsHash) {
			return r.tokenRefusal(ctx, tx, request.Token, request.AccountID, request.MPxN)
		}

		detail := map[string]any{"records": len(list.Records), "repeated": true}
		noteAdviser(ctx, detail)
		tx.Audit(r.auditEvent(request.AccountID, auditRecordsRead, request.MPxN, "", detail))

		body, err = r.keys.open(kept.KeyID, kept.SealedResponse, placeOfReading(request.AccountID, request.Key))

		return err
	})

	return ReadingResponse{Body: body, Repeated: true}, err
}

func hashOfList(list CustomerList) ([]byte, error) {
	text, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("encode a list: %w", err)
	}

	hash := sha256.Sum256(text)

	return hash[:], nil
}

// keyOfAnother refuses an Idempotency-Key that belongs to another request.
func keyOfAnother() *Error {
	return &Error{
		Kind:    KindUnprocessable,
		Code:    CodeValidation,
		Field:   "Idempotency-Key",
		Message: "was used for another request.",
	}
}
