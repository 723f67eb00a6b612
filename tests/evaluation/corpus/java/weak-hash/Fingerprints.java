package com.northwind.security;

import com.google.common.hash.Hashing;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Properties;
import java.util.zip.CRC32;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.apache.commons.codec.digest.DigestUtils;

public class Fingerprints {
    private static final String LICENCE_DIGEST = "MD5";
    private static final String TOKEN_DIGEST = "SHA-512";
    private static final Map<String, Integer> LENGTHS = Map.of("MD5", 16, "SHA-1", 20, "SHA-256", 32);

    // case: vulnerable
    public String passwordHash(String password) throws NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("MD5");
        byte[] hash = digest.digest(password.getBytes(StandardCharsets.UTF_8));
        return new BigInteger(1, hash).toString(16);
    }

    // case: safe (SHA-256 over a random token)
    public String tokenHash(String token) throws NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        return HexFormat.of().formatHex(digest.digest(token.getBytes(StandardCharsets.UTF_8)));
    }

    // case: vulnerable (name of the algorithm is a constant of the class)
    public boolean licenceMatches(byte[] licence, byte[] expected) throws NoSuchAlgorithmException {
        byte[] actual = MessageDigest.getInstance(LICENCE_DIGEST).digest(licence);
        return MessageDigest.isEqual(actual, expected);
    }

    // case: safe (name of the algorithm is a constant of the class)
    public byte[] inviteHash(byte[] invite) throws NoSuchAlgorithmException {
        return MessageDigest.getInstance(TOKEN_DIGEST).digest(invite);
    }

    // case: vulnerable (setting whose default is weak)
    public byte[] configured(Properties settings, byte[] release) throws NoSuchAlgorithmException {
        String algorithm = settings.getProperty("release.digest", "SHA1");
        MessageDigest digest = MessageDigest.getInstance(algorithm);
        digest.update(release);
        return digest.digest();
    }

    // case: safe (setting whose default is strong)
    public byte[] bundled(Properties settings, byte[] release) throws NoSuchAlgorithmException {
        String algorithm = settings.getProperty("bundle.digest", "SHA-384");
        return MessageDigest.getInstance(algorithm).digest(release);
    }

    // case: vulnerable (commons-codec)
    public String resetCode(String email, long issued) {
        return DigestUtils.md5Hex(email + ":" + issued);
    }

    // case: safe (commons-codec)
    public String deliveryCode(String secret, long issued) {
        return DigestUtils.sha256Hex(secret + ":" + issued);
    }

    // case: vulnerable (signature over SHA-1)
    public byte[] sign(PrivateKey key, byte[] contract) throws GeneralSecurityException {
        Signature signature = Signature.getInstance("SHA1withRSA");
        signature.initSign(key);
        signature.update(contract);
        return signature.sign();
    }

    // case: safe (a slow derivation for passwords)
    public byte[] derive(char[] password, byte[] salt) throws GeneralSecurityException {
        PBEKeySpec spec = new PBEKeySpec(password, salt, 310_000, 256);
        return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
    }

    // case: safe (a checksum against line noise, no digest)
    public long checksum(byte[] frame) {
        CRC32 crc = new CRC32();
        crc.update(frame);
        return crc.getValue();
    }

    // case: safe (names of digests in a table of lengths; nothing is hashed with them)
    public boolean plausible(String algorithm, byte[] value) {
        Integer length = LENGTHS.getOrDefault(algorithm, LENGTHS.get("MD5"));
        return value.length == length;
    }

    // case: vulnerable (digest of a stream, name comes out of a helper)
    public String update(Path image) throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance(digestName());
        try (InputStream in = new DigestInputStream(Files.newInputStream(image), digest)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return Base64.getEncoder().encodeToString(digest.digest());
    }

    private static String digestName() {
        return "SHA-1";
    }

    // case: safe (Guava)
    public String bucket(String apiKey) {
        return Hashing.sha256().hashString(apiKey, StandardCharsets.UTF_8).toString();
    }
}
