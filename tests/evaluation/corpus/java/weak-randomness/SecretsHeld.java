package com.northwind.secrets;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.crypto.spec.IvParameterSpec;
import javax.servlet.http.HttpSession;
import org.apache.commons.math3.random.MersenneTwister;
import org.springframework.security.crypto.keygen.Base64StringKeyGenerator;
import org.springframework.security.crypto.keygen.KeyGenerators;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class SecretsHeld {
    private final SecureRandom secure = new SecureRandom();
    private final Map<String, String> resets = new HashMap<>();

    // case: vulnerable
    @PostMapping("/password/reset")
    public void reset(String email) {
        String token = new BigInteger(130, new Random()).toString(32);
        resets.put(email, token);
    }

    // case: safe (130 bits of a secure generator)
    @PostMapping("/password/forgotten")
    public void forgotten(String email) {
        String token = new BigInteger(130, new SecureRandom()).toString(32);
        resets.put(email, token);
    }

    // case: vulnerable (a UUID made of predictable halves)
    @GetMapping("/csrf")
    public String csrf(HttpSession session) {
        Random random = new Random(session.getCreationTime());
        String token = new UUID(random.nextLong(), random.nextLong()).toString();
        session.setAttribute("csrf", token);
        return token;
    }

    // case: safe (a UUID made of secure halves)
    @GetMapping("/csrf2")
    public String csrf2(HttpSession session) {
        String token = new UUID(secure.nextLong(), secure.nextLong()).toString();
        session.setAttribute("csrf", token);
        return token;
    }

    // case: vulnerable (salt)
    public byte[] salt() {
        byte[] salt = new byte[16];
        new SplittableRandom(7).nextBytes(salt);
        return salt;
    }

    // case: safe (Spring's generator)
    public byte[] springSalt() {
        return KeyGenerators.secureRandom(16).generateKey();
    }

    // case: vulnerable (initialisation vector)
    public IvParameterSpec vector() {
        byte[] vector = new byte[16];
        Random source = new Random();
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (byte) source.nextInt(256);
        }
        return new IvParameterSpec(vector);
    }

    // case: safe (points of a simulation that must be repeatable)
    public double[] brownianPath(int steps) {
        Random noise = new Random(1);
        double[] path = new double[steps];
        for (int i = 1; i < steps; i++) {
            path[i] = path[i - 1] + noise.nextGaussian();
        }
        return path;
    }

    // case: vulnerable (Mersenne Twister, a private method chooses the letters)
    public String clientSecret() {
        return IntStream.range(0, 32).mapToObj(i -> letter(new MersenneTwister())).collect(Collectors.joining());
    }

    private static String letter(MersenneTwister twister) {
        return Character.toString((char) ('a' + twister.nextInt(26)));
    }

    // case: safe (secure, a private method chooses the letters)
    public String clientKey() {
        return IntStream.range(0, 32).mapToObj(i -> digit(secure)).collect(Collectors.joining());
    }

    private static String digit(Random source) {
        return Integer.toString(source.nextInt(10));
    }

    // case: safe (drbg of the platform)
    public byte[] drbg() throws GeneralSecurityException {
        byte[] secret = new byte[32];
        SecureRandom.getInstance("DRBG").nextBytes(secret);
        return secret;
    }

    // case: vulnerable (the clock is the only thing to guess)
    public String unlockCode() {
        Random random = new Random(System.nanoTime());
        return random.ints(8, 0, 10).mapToObj(String::valueOf).collect(Collectors.joining());
    }

    // case: safe (key generator with a secure default)
    public String oauthState() {
        return new Base64StringKeyGenerator(32).generateKey();
    }
}
