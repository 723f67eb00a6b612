package com.northwind.tokens;

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.auth0.jwt.interfaces.DecodedJWT;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jsonwebtoken.Claims;
import io.jsonwebtoken.Jwts;
import java.io.IOException;
import java.security.Key;
import java.security.interfaces.RSAPublicKey;
import java.util.Base64;
import javax.servlet.http.HttpServletRequest;

public class TokenReader {
    private final Key key;
    private final RSAPublicKey publicKey;

    public TokenReader(Key key, RSAPublicKey publicKey) {
        this.key = key;
        this.publicKey = publicKey;
    }

    private static String bearer(HttpServletRequest request) {
        return request.getHeader("Authorization").substring("Bearer ".length());
    }

    // case: vulnerable (decoded, never verified)
    public String user(HttpServletRequest request) {
        DecodedJWT token = JWT.decode(bearer(request));
        return token.getSubject();
    }

    // case: safe (signature is verified)
    public String subject(HttpServletRequest request) {
        Algorithm algorithm = Algorithm.RSA256(publicKey, null);
        DecodedJWT token = JWT.require(algorithm).withIssuer("northwind").build().verify(bearer(request));
        return token.getSubject();
    }

    // case: vulnerable (a token without signature is made)
    public String issue(String user) {
        return JWT.create().withSubject(user).withClaim("role", "customer").sign(Algorithm.none());
    }

    // case: safe (jjwt refuses what is not signed by our key)
    public Claims claims(HttpServletRequest request) {
        return Jwts.parserBuilder().setSigningKey(key).build().parseClaimsJws(bearer(request)).getBody();
    }

    // case: vulnerable (parse takes unsigned tokens, too)
    public Object body(HttpServletRequest request) {
        return Jwts.parserBuilder().setSigningKey(key).build().parse(bearer(request)).getBody();
    }

    // case: safe (decoded after it was verified, for its key's name only)
    public String keyName(HttpServletRequest request) {
        String token = bearer(request);
        Jwts.parserBuilder().setSigningKey(key).build().parseClaimsJws(token);
        return JWT.decode(token).getKeyId();
    }

    // case: safe (the middle part of our own signed text was checked by the line above)
    public String role(HttpServletRequest request) throws IOException {
        String token = bearer(request);
        JWT.require(Algorithm.RSA256(publicKey, null)).build().verify(token);
        byte[] claims = Base64.getUrlDecoder().decode(token.split("\\.")[1]);
        return new ObjectMapper().readTree(claims).path("role").asText();
    }
}
