import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;

class Reader {
    String subject(String token) {
        // ruleid: java-jwt-decoded-only
        return JWT.decode(token).getSubject();
    }

    String checked(String token, Algorithm algorithm) {
        JWT.require(algorithm).build().verify(token);
        // ok: java-jwt-decoded-only
        return JWT.decode(token).getSubject();
    }
}
