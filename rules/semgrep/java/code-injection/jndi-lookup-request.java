import javax.naming.InitialContext;
import javax.servlet.http.HttpServletRequest;

class Names {
    void find(HttpServletRequest request) throws Exception {
        InitialContext context = new InitialContext();
        // ruleid: java-jndi-lookup-request
        context.lookup(request.getParameter("name"));
        // ok: java-jndi-lookup-request
        context.lookup("java:comp/env/jdbc/orders");
    }
}
