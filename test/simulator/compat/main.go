// Command compat drives the simulator with clients written in Go: cloudflare-go, and the wire types of
// cloudflare/origin-ca-issuer, whose own client is internal to its module and cannot be imported.
//
// Usage: compat <api url> <CA file> <token> <zone id> <CSR file> <client certificate file> <its key file>.
// Prints one line of JSON.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/cloudflare/cloudflare-go"
)

type report struct {
	CreatedID     string   `json:"createdId"`
	Hostnames     []string `json:"hostnames"`
	ExpiresOn     string   `json:"expiresOn"`
	ReadID        string   `json:"readId"`
	Listed        []string `json:"listed"`
	RevokedID     string   `json:"revokedId"`
	RevokedAt     string   `json:"revokedAt"`
	UnknownStatus string   `json:"unknownStatus"`
	ZoneID        string   `json:"zoneId"`
	Zones         []string `json:"zones"`
	Records       []string `json:"records"`
	TokenStatus   string   `json:"tokenStatus"`
	IssuerID      string   `json:"issuerId"`
	IssuerExpires string   `json:"issuerExpires"`
	IssuerRefusal string   `json:"issuerRefusal"`
	zoneReport
}

func main() {
	if len(os.Args) != 8 {
		fmt.Fprintln(os.Stderr, "usage: compat <api url> <CA file> <token> <zone id> <CSR file> <client certificate file> <its key file>")
		os.Exit(2)
	}
	result, err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6], os.Args[7])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(result)
}

func run(apiURL, caFile, token, zoneID, csrFile, certificateFile, keyFile string) (*report, error) {
	client, err := httpClient(caFile)
	if err != nil {
		return nil, err
	}
	csr, err := os.ReadFile(csrFile)
	if err != nil {
		return nil, err
	}
	pair, err := readPair(certificateFile, keyFile)
	if err != nil {
		return nil, err
	}
	api, err := cloudflare.NewWithAPIToken(token, cloudflare.BaseURL(apiURL), cloudflare.HTTPClient(client))
	if err != nil {
		return nil, err
	}
	result := &report{}
	ctx := context.Background()
	if err := certificates(ctx, api, zoneID, string(csr), result); err != nil {
		return nil, err
	}
	if err := zones(ctx, api, zoneID, result); err != nil {
		return nil, err
	}
	if err := settings(ctx, api, zoneID, &result.zoneReport); err != nil {
		return nil, err
	}
	if err := zonePulls(ctx, api, zoneID, pair, &result.zoneReport); err != nil {
		return nil, err
	}
	if err := hostnamePulls(ctx, api, zoneID, pair, &result.zoneReport); err != nil {
		return nil, err
	}
	if err := issuer(ctx, client, apiURL, string(csr), result); err != nil {
		return nil, err
	}
	return result, nil
}

func httpClient(caFile string) (*http.Client, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in the CA file")
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}, nil
}

func certificates(ctx context.Context, api *cloudflare.API, zoneID, csr string, result *report) error {
	created, err := api.CreateOriginCACertificate(ctx, cloudflare.CreateOriginCertificateParams{
		Hostnames: []string{"example.com", "*.example.com"}, RequestType: "origin-rsa", RequestValidity: 90, CSR: csr,
	})
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	result.CreatedID, result.Hostnames = created.ID, created.Hostnames
	result.ExpiresOn = created.ExpiresOn.Format(time.RFC3339)
	read, err := api.GetOriginCACertificate(ctx, created.ID)
	if err != nil {
		return fmt.Errorf("get: %w", err)
	}
	result.ReadID = read.ID
	revoked, err := api.RevokeOriginCACertificate(ctx, created.ID)
	if err != nil {
		return fmt.Errorf("revoke: %w", err)
	}
	result.RevokedID = revoked.ID
	listed, err := api.ListOriginCACertificates(ctx, cloudflare.ListOriginCertificatesParams{ZoneID: zoneID})
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	for _, certificate := range listed {
		result.Listed = append(result.Listed, certificate.ID)
		result.RevokedAt = certificate.RevokedAt.Format("2006")
	}
	var notFound *cloudflare.NotFoundError
	if _, err := api.GetOriginCACertificate(ctx, "1"); errors.As(err, &notFound) {
		result.UnknownStatus = "not found"
	}
	return nil
}

func zones(ctx context.Context, api *cloudflare.API, zoneID string, result *report) error {
	id, err := api.ZoneIDByName("example.com")
	if err != nil {
		return fmt.Errorf("zone id: %w", err)
	}
	result.ZoneID = id
	listed, err := api.ListZonesContext(ctx)
	if err != nil {
		return fmt.Errorf("zones: %w", err)
	}
	for _, zone := range listed.Result {
		result.Zones = append(result.Zones, zone.Name)
	}
	records, _, err := api.ListDNSRecords(ctx, cloudflare.ZoneIdentifier(zoneID), cloudflare.ListDNSRecordsParams{Name: "www.example.com"})
	if err != nil {
		return fmt.Errorf("records: %w", err)
	}
	for _, record := range records {
		result.Records = append(result.Records, record.Name)
	}
	verified, err := api.VerifyAPIToken(ctx)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	result.TokenStatus = verified.Status
	return nil
}

// What origin-ca-issuer sends and how strictly it reads: `messages` must be strings, `expires_on` one of two forms.
type signRequest struct {
	Hostnames []string `json:"hostnames"`
	Validity  int      `json:"requested_validity"`
	Type      string   `json:"request_type"`
	CSR       string   `json:"csr"`
}

type signAnswer struct {
	Success bool `json:"success"`
	Errors  []struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"errors"`
	Messages []string        `json:"messages"`
	Result   json.RawMessage `json:"result"`
}

type signResult struct {
	ID          string   `json:"id"`
	Certificate string   `json:"certificate"`
	Hostnames   []string `json:"hostnames"`
	Expiration  string   `json:"expires_on"`
	Type        string   `json:"request_type"`
	Validity    int      `json:"requested_validity"`
	CSR         string   `json:"csr"`
}

func issuer(ctx context.Context, client *http.Client, apiURL, csr string, result *report) error {
	good := signRequest{Hostnames: []string{"www.example.com"}, Validity: 7, Type: "origin-rsa", CSR: csr}
	answer, _, err := sign(ctx, client, apiURL, good)
	if err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	signed := signResult{}
	if err := json.Unmarshal(answer.Result, &signed); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	expires, err := time.Parse("2006-01-02 15:04:05.999999999 -0700 MST", signed.Expiration)
	if err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	result.IssuerID, result.IssuerExpires = signed.ID, expires.Format(time.RFC3339)
	bad := good
	bad.Hostnames = []string{"www.example.org"}
	refused, ray, err := sign(ctx, client, apiURL, bad)
	if err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	if refused.Success || len(refused.Errors) == 0 || ray == "" {
		return errors.New("issuer: a foreign hostname was not refused with an error and a Ray ID")
	}
	result.IssuerRefusal = fmt.Sprint(refused.Errors[0].Code)
	return nil
}

func sign(ctx context.Context, client *http.Client, apiURL string, body signRequest) (*signAnswer, string, error) {
	payload, err := json.Marshal(body)
	if err != nil {
		return nil, "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, apiURL+"/certificates", bytes.NewReader(payload))
	if err != nil {
		return nil, "", err
	}
	request.Header.Add("User-Agent", "github.com/cloudflare/origin-ca-issuer")
	request.Header.Add("X-Auth-User-Service-Key", "v1.0-0123456789abcdef")
	response, err := client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	answer := &signAnswer{}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return nil, "", err
	}
	return answer, response.Header.Get("CF-Ray"), nil
}
