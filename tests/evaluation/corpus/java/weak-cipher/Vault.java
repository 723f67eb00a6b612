package com.northwind.vault;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.util.Locale;
import java.util.Properties;
import javax.crypto.Cipher;
import javax.crypto.CipherInputStream;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;

public class Vault {
    private static final String TRANSFORMATION = "AES/GCM/NoPadding";
    private static final String ARCHIVE_TRANSFORMATION = "DESede/CBC/PKCS5Padding";
    private final SecureRandom random = new SecureRandom();

    // case: vulnerable
    public byte[] seal(byte[] text, SecretKey key) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("DES/CBC/PKCS5Padding");
        cipher.init(Cipher.ENCRYPT_MODE, key);
        return cipher.doFinal(text);
    }

    // case: safe (GCM with a fresh nonce)
    public byte[] close(byte[] text, SecretKey key) throws GeneralSecurityException {
        byte[] nonce = new byte[12];
        random.nextBytes(nonce);
        Cipher cipher = Cipher.getInstance(TRANSFORMATION);
        cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, nonce));
        byte[] sealed = cipher.doFinal(text);
        return ByteBuffer.allocate(12 + sealed.length).put(nonce).put(sealed).array();
    }

    // case: vulnerable (equal blocks stay equal)
    public byte[] card(String number, Key key) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/ECB/PKCS5Padding");
        cipher.init(Cipher.ENCRYPT_MODE, key);
        return cipher.doFinal(number.getBytes(StandardCharsets.UTF_8));
    }

    // case: vulnerable (no mode named: the provider takes ECB)
    public byte[] note(byte[] note, Key key) throws GeneralSecurityException {
        String algorithm = "AES";
        Cipher cipher = Cipher.getInstance(algorithm);
        cipher.init(Cipher.ENCRYPT_MODE, key);
        return cipher.doFinal(note);
    }

    // case: safe (a key for AES is made, no cipher is chosen by this name)
    public SecretKey newKey() throws GeneralSecurityException {
        KeyGenerator generator = KeyGenerator.getInstance("AES");
        generator.init(256, random);
        return generator.generateKey();
    }

    // case: vulnerable (constant of the class)
    public byte[] archive(byte[] text, SecretKey key, IvParameterSpec iv) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance(ARCHIVE_TRANSFORMATION);
        cipher.init(Cipher.ENCRYPT_MODE, key, iv);
        return cipher.doFinal(text);
    }

    // case: safe (OAEP)
    public byte[] wrap(SecretKey inner, PublicKey outer) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPWithSHA-256AndMGF1Padding");
        cipher.init(Cipher.WRAP_MODE, outer);
        return cipher.wrap(inner);
    }

    // case: vulnerable (stream cipher with known biases)
    public CipherInputStream stream(java.io.InputStream in, SecretKey key) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("RC4");
        cipher.init(Cipher.DECRYPT_MODE, key);
        return new CipherInputStream(in, cipher);
    }

    // case: safe (elliptic curve of 256 bits)
    public KeyPair curve() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"), random);
        return generator.generateKeyPair();
    }

    // case: vulnerable (512 bits of RSA)
    public KeyPair signingPair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(512);
        return generator.generateKeyPair();
    }

    // case: safe (setting whose default is strong)
    public Cipher configured(Properties settings) throws GeneralSecurityException {
        String wanted = settings.getProperty("vault.cipher", "ChaCha20-Poly1305");
        return Cipher.getInstance(wanted);
    }

    // case: safe (letters of the text only look like a cipher's name)
    public String describe(String language) {
        String article = "fr".equals(language) ? "DES" : "DER";
        return (article + " schlüssel " + "RC4").toLowerCase(Locale.ROOT);
    }

    // case: safe (the weak name sits where no run gets to)
    public Cipher choose() throws GeneralSecurityException {
        int version = 4;
        if (version * 2 > 20) {
            return Cipher.getInstance("AES/GCM/NoPadding", "BC");
        }
        String name = version == 4 ? "AES/GCM/NoPadding" : "DES";
        return Cipher.getInstance(name);
    }
}
