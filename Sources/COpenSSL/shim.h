#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <openssl/x509_vfy.h>

// Function-like macros, which Swift does not see.

static inline long dmr_ssl_ctx_min_version(SSL_CTX *ctx, int version) {
    return SSL_CTX_set_min_proto_version(ctx, version);
}
static inline long dmr_ssl_ctx_max_version(SSL_CTX *ctx, int version) {
    return SSL_CTX_set_max_proto_version(ctx, version);
}
static inline long dmr_ssl_ctx_mode(SSL_CTX *ctx, long mode) { return SSL_CTX_set_mode(ctx, mode); }
static inline long dmr_ssl_ctx_session_cache(SSL_CTX *ctx, long mode) {
    return SSL_CTX_set_session_cache_mode(ctx, mode);
}
static inline long dmr_ssl_server_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, (char *)name);
}
static inline void dmr_ssl_ctx_on_server_name(SSL_CTX *ctx, int (*chosen)(SSL *, int *, void *), void *data) {
    SSL_CTX_set_tlsext_servername_callback(ctx, chosen);
    SSL_CTX_set_tlsext_servername_arg(ctx, data);
}
static inline long dmr_ssl_session_timeout(SSL_CTX *ctx, long seconds) { return SSL_CTX_set_timeout(ctx, seconds); }
// The options' names are casts, which Swift does not see either. No renegotiation (it lets a peer ask for handshakes
// without end), no compression (CRIME).
static inline void dmr_ssl_ctx_refuse_old_habits(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
}
// As RFC 2253 writes names, other than ASCII left as it is.
static inline int dmr_print_name(BIO *to, const X509_NAME *name) {
    return X509_NAME_print_ex(to, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
}
// HMAC with SHA-256. A parameter keeps the pointer to its name, which a Swift string has for one call only.
static inline int dmr_begin_hmac(EVP_MAC_CTX *mac, const unsigned char *key, size_t count) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, count),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0), OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters);
}
