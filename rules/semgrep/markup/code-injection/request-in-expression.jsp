<!-- ruleid: markup-request-in-expression -->
<spring:eval expression="${param.formula}"/>
<!-- ok: markup-request-in-expression -->
<spring:eval expression="@settings.title"/>
