package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/cloudflare/cloudflare-go"
)

// What cloudflare-go makes of a zone's settings and client certificates.
type zoneReport struct {
	SSL              string   `json:"ssl"`
	HSTSMaxAge       any      `json:"hstsMaxAge"`
	AutomaticID      string   `json:"automaticId"`
	AutomaticScan    bool     `json:"automaticScan"`
	BulkSettings     string   `json:"bulkSettings"`
	SharedPulls      string   `json:"sharedPulls"`
	ZonePulls        bool     `json:"zonePulls"`
	UploadedStatus   string   `json:"uploadedStatus"`
	UploadedUntil    int      `json:"uploadedUntil"`
	ListedPulls      []string `json:"listedPulls"`
	DeletedStatus    string   `json:"deletedStatus"`
	UnknownPull      string   `json:"unknownPull"`
	HostnameSerial   string   `json:"hostnameSerial"`
	HostnameTies     []string `json:"hostnameTies"`
	HostnameEnabled  bool     `json:"hostnameEnabled"`
	HostnameDeletion string   `json:"hostnameDeletion"`
}

func settings(ctx context.Context, api *cloudflare.API, zoneID string, result *zoneReport) error {
	zone := cloudflare.ZoneIdentifier(zoneID)
	changed, err := api.UpdateZoneSetting(ctx, zone, cloudflare.UpdateZoneSettingParams{Name: "ssl", Value: "strict"})
	if err != nil {
		return fmt.Errorf("ssl: %w", err)
	}
	result.SSL, _ = changed.Value.(string)
	hsts := map[string]any{"strict_transport_security": map[string]any{"enabled": true, "max_age": 300}}
	header, err := api.UpdateZoneSetting(ctx, zone, cloudflare.UpdateZoneSettingParams{Name: "security_header", Value: hsts})
	if err != nil {
		return fmt.Errorf("security_header: %w", err)
	}
	if value, ok := header.Value.(map[string]any); ok {
		if security, ok := value["strict_transport_security"].(map[string]any); ok {
			result.HSTSMaxAge = security["max_age"]
		}
	}
	automatic, err := api.GetZoneSetting(ctx, zone, cloudflare.GetZoneSettingParams{Name: "ssl_automatic_mode"})
	if err != nil {
		return fmt.Errorf("ssl_automatic_mode: %w", err)
	}
	result.AutomaticID, result.AutomaticScan = automatic.ID, automatic.NextScheduledScan != ""
	if _, err := api.ZoneSettings(ctx, zoneID); err != nil {
		result.BulkSettings = "gone"
	}
	shared, err := api.SetAuthenticatedOriginPullsStatus(ctx, zoneID, true)
	if err != nil {
		return fmt.Errorf("tls_client_auth: %w", err)
	}
	result.SharedPulls = shared.Value
	return nil
}

func zonePulls(ctx context.Context, api *cloudflare.API, zoneID string, pair clientPair, result *zoneReport) error {
	uploaded, err := api.UploadPerZoneAuthenticatedOriginPullsCertificate(ctx, zoneID,
		cloudflare.PerZoneAuthenticatedOriginPullsCertificateParams{Certificate: pair.certificate, PrivateKey: pair.key})
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	result.UploadedStatus, result.UploadedUntil = uploaded.Status, uploaded.ExpiresOn.Year()
	if _, err := api.SetPerZoneAuthenticatedOriginPullsStatus(ctx, zoneID, true); err != nil {
		return fmt.Errorf("switch: %w", err)
	}
	status, err := api.GetPerZoneAuthenticatedOriginPullsStatus(ctx, zoneID)
	if err != nil {
		return fmt.Errorf("status: %w", err)
	}
	result.ZonePulls = status.Enabled
	listed, err := api.ListPerZoneAuthenticatedOriginPullsCertificates(ctx, zoneID)
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	for _, certificate := range listed {
		result.ListedPulls = append(result.ListedPulls, certificate.ID)
	}
	deleted, err := api.DeletePerZoneAuthenticatedOriginPullsCertificate(ctx, zoneID, uploaded.ID)
	if err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	result.DeletedStatus = deleted.Status
	var notFound *cloudflare.NotFoundError
	if _, err := api.GetPerZoneAuthenticatedOriginPullsCertificateDetails(ctx, zoneID, "none"); errors.As(err, &notFound) {
		result.UnknownPull = "not found"
	}
	return nil
}

func hostnamePulls(ctx context.Context, api *cloudflare.API, zoneID string, pair clientPair, result *zoneReport) error {
	uploaded, err := api.UploadPerHostnameAuthenticatedOriginPullsCertificate(ctx, zoneID,
		cloudflare.PerHostnameAuthenticatedOriginPullsCertificateParams{Certificate: pair.certificate, PrivateKey: pair.key})
	if err != nil {
		return fmt.Errorf("hostname upload: %w", err)
	}
	result.HostnameSerial = uploaded.SerialNumber
	on := true
	tie := cloudflare.PerHostnameAuthenticatedOriginPullsConfig{Hostname: "www.example.com", CertID: uploaded.ID, Enabled: &on}
	ties, err := api.EditPerHostnameAuthenticatedOriginPullsConfig(ctx, zoneID, []cloudflare.PerHostnameAuthenticatedOriginPullsConfig{tie})
	if err != nil {
		return fmt.Errorf("hostname tie: %w", err)
	}
	for _, made := range ties {
		result.HostnameTies = append(result.HostnameTies, made.Hostname)
	}
	read, err := api.GetPerHostnameAuthenticatedOriginPullsConfig(ctx, zoneID, "www.example.com")
	if err != nil {
		return fmt.Errorf("hostname: %w", err)
	}
	result.HostnameEnabled = read.Enabled
	tie.Enabled = nil
	if _, err := api.EditPerHostnameAuthenticatedOriginPullsConfig(ctx, zoneID, []cloudflare.PerHostnameAuthenticatedOriginPullsConfig{tie}); err != nil {
		return fmt.Errorf("hostname void: %w", err)
	}
	deleted, err := api.DeletePerHostnameAuthenticatedOriginPullsCertificate(ctx, zoneID, uploaded.ID)
	if err != nil {
		return fmt.Errorf("hostname delete: %w", err)
	}
	result.HostnameDeletion = deleted.Status
	return nil
}

type clientPair struct{ certificate, key string }

func readPair(certificateFile, keyFile string) (clientPair, error) {
	certificate, err := os.ReadFile(certificateFile)
	if err != nil {
		return clientPair{}, err
	}
	key, err := os.ReadFile(keyFile)
	return clientPair{string(certificate), string(key)}, err
}
