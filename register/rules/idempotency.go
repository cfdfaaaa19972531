package rules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"central.consent/dar/register/store"
)

// responseLife is how long a response is kept for its Idempotency-Key (docs/decisions.md, Idempotency).
const responseLife = 24 * time.Hour

// Response is the outcome of a successful write, as the caller gets it.
type Response struct {
	Status int
	// Location is the address of the created resource; empty if none was created.
	Location string
	Body     any
	// Kept is the body that a repetition gets, if that is not Body: a secret is sent once and not kept.
	Kept any
	// IR is the identity record that the request or the response is about. What is kept of both is erased with the
	// record; empty if there is none.
	IR string
}

// IdempotentRequest names one request of an account by its Idempotency-Key.
type IdempotentRequest struct {
	AccountID string
	Key       string
	// Hash distinguishes requests by method, path and body.
	Hash []byte
}

// KeptResponse is a response that was stored for an Idempotency-Key.
type KeptResponse struct {
	Status   int
	Location string
	// Body is the JSON text as it was sent.
	Body []byte
}

// ErrRepeated reports that an earlier request used the same Idempotency-Key.
var ErrRepeated = errors.New("the Idempotency-Key was used before")

func placeOfResponse(accountID, key string) string {
	return "idempotency_keys.sealed_answer " + accountID + " " + key
}

// ClaimKey claims an Idempotency-Key for the transaction. It returns ErrRepeated if an earlier request used the key
// within 24 hours.
func (r *Rules) ClaimKey(ctx context.Context, tx *store.Tx, request IdempotentRequest) error {
	now := r.Now()
	row := store.IdempotencyKey{
		AccountID:   request.AccountID,
		Key:         request.Key,
		RequestHash: request.Hash,
		CreatedAt:   store.Millis(now),
	}

	err := tx.ClaimIdempotencyKey(ctx, row, now.Add(-responseLife))
	if errors.Is(err, store.ErrKeyUsed) {
		return ErrRepeated
	}

	return err
}

// KeepResponse seals a response and stores it under the key that the transaction claimed. A response about an identity
// record is sealed with the record's own key.
func (r *Rules) KeepResponse(ctx context.Context, tx *store.Tx, request IdempotentRequest, response Response) error {
	body := response.Body
	if response.Kept != nil {
		body = response.Kept
	}

	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode a response: %w", err)
	}

	var ir *string
	if response.IR != "" {
		ir = &response.IR
	}

	keyID, sealed, err := r.sealFor(ctx, tx, ir, text, placeOfResponse(request.AccountID, request.Key))
	if err != nil {
		return err
	}

	return tx.SaveResponse(ctx, store.IdempotencyKey{
		AccountID:      request.AccountID,
		Key:            request.Key,
		RequestHash:    request.Hash,
		Status:         response.Status,
		Location:       response.Location,
		KeyID:          keyID,
		SealedResponse: sealed,
		IR:             ir,
	})
}

// DeleteOldResponses deletes the responses that no repetition gets any more.
func (r *Rules) DeleteOldResponses(ctx context.Context) error {
	return r.store.Transact(ctx, func(tx *store.Tx) error {
		return tx.DeleteOldResponses(ctx, r.Now().Add(-responseLife))
	})
}

// IsKeyUsed reports whether a response is kept for the account's Idempotency-Key.
func (r *Rules) IsKeyUsed(ctx context.Context, accountID, key string) (bool, error) {
	kept, err := r.store.FindIdempotencyKey(ctx, accountID, key)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}

	return kept.CreatedAt.Time().After(r.Now().Add(-responseLife)), nil
}

// FindResponse returns the response that was kept for a repeated request. It returns an *Error of KindUnprocessable if
// the key belongs to another request.
func (r *Rules) FindResponse(ctx context.Context, request IdempotentRequest) (KeptResponse, error) {
	kept, err := r.store.FindIdempotencyKey(ctx, request.AccountID, request.Key)
	if err != nil {
		return KeptResponse{}, err
	}
	if string(kept.RequestHash) != string(request.Hash) {
		return KeptResponse{}, keyOfAnother()
	}

	place := placeOfResponse(request.AccountID, request.Key)
	text, err := r.openFor(ctx, r.store, kept.IR, kept.KeyID, kept.SealedResponse, place)
	if err != nil {
		return KeptResponse{}, fmt.Errorf("open a kept response: %w", err)
	}

	return KeptResponse{Status: kept.Status, Location: kept.Location, Body: text}, nil
}
