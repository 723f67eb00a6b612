import javax.servlet.http.*;

class Errors {
    void show(HttpServletResponse response, Exception error) throws Exception {
        // ruleid: java-stack-trace-sent
        error.printStackTrace(response.getWriter());
        // ok: java-stack-trace-sent
        response.getWriter().println("Something went wrong");
    }
}
