/**
 * A key and a certificate for localhost, signed by itself and good for a hundred years: for servers of tests on the
 * loopback, where nobody has to be kept out.
 */
export const TEST_TLS = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwMu2RdL7FLkmc6Yt
HDaE/UBC3MFexcZE6x+/WMhf3vqhRANCAATys0w2UBZX8gyQAUJMi+hQtiiJFL4R
af18TisULv13nG8MSo79R4l2zGDT5BjqwE13qpovJok/rqYSlX+bBMam
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBZzCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPKzTDZQFlfyDJAB
QkyL6FC2KIkUvhFp/XxOKxQu/XecbwxKjv1HiXbMYNPkGOrATXeqmi8miT+uphKV
f5sExqajTjBMMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAPBgNVHRMBAf8E
BTADAQH/MB0GA1UdDgQWBBSyz+bfzdXrO4hxpDBM41g+TH1MUDAKBggqhkjOPQQD
AgNIADBFAiAIMqSxFTUjk1Wf/m0bFqTRtuuK5Lj4Rz1go/1FP4PBMgIhAL+DYMFj
XXJtmNp5LWJJo6GzypKwNRwkVvH1FUfLZJFb
-----END CERTIFICATE-----
`,
} as const;
